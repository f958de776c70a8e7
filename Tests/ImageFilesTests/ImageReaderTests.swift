import Foundation
import ImageFiles
import NCTEngine
import TestSupport
import Testing

@Suite("Image reader")
struct ImageReaderTests {
    private func refusal(_ path: String, limits: ImageLimits = ImageLimits()) -> ImageFileError? {
        do throws(ImageFileError) {
            _ = try ImageReader.read(path: path, options: ReadingOptions(limits: limits))
            return nil
        } catch {
            return error
        }
    }

    private func encode(_ format: ImageFormat, width: Int = 16, height: Int = 12) throws -> [UInt8] {
        try ImageWriter.encode(
            ImageFile(image: Pictures.smooth(width: width, height: height)), options: ImageWriteOptions(format: format))
    }

    @Test("The format is known by content, whatever the name says", arguments: ImageFormat.allCases)
    func content(format: ImageFormat) throws {
        let space = try Workspace()
        let path = try space.write(encode(format), to: "image.txt")
        #expect(try ImageReader.read(path: path).metadata.format == format)
        let header = try ImageReader.header(ofFileAt: path)
        #expect(header.format == format && header.width == 16 && header.height == 12)
    }

    @Test("One pixel is an image", arguments: ImageFormat.allCases)
    func onePixel(format: ImageFormat) throws {
        let back = try ImageReader.decode(encode(format, width: 1, height: 1), name: "dot")
        #expect(back.image.width == 1 && back.image.height == 1)
    }

    @Test(
        "Empty files and texts are refused by what they are",
        arguments: [
            ("", ImageFileError.Code.empty), ("hello, world\n", .notAnImage),
            ("BM is how this text begins", .notAnImage),
            ("II", .notAnImage), ("MM*", .notAnImage), ("B", .notAnImage), ("GIF89a", .notAnImage),
        ])
    func noImage(text: String, code: ImageFileError.Code) throws {
        let space = try Workspace()
        let path = try space.write(text, to: "text.png")
        let error = try #require(refusal(path))
        #expect(error.code == code && error.path == path && !error.remedy.isEmpty)
    }

    @Test("Pipes, sockets, devices and directories are refused without waiting", .timeLimit(.minutes(15)))
    func noFile() throws {
        let space = try Workspace()
        #expect(mkfifo(space("pipe"), 0o600) == 0)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A relative name, as the whole path may be too long for an address.
        let socketPath = "/tmp/nctd-\(getpid()).sock"
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(socketPath.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        defer { unlink(socketPath) }
        for path in [space("pipe"), socketPath, "/dev/zero", "/dev/null"] {
            let error = try #require(refusal(path))
            #expect(error.code == .unreadable && error.message.contains("pipe, socket or device"), "\(error)")
        }
        #expect(refusal(space.path)?.code == .unreadable && refusal(space.path)?.message.contains("directory") == true)
    }

    @Test("Links are followed; dangling ones and loops are errors")
    func links() throws {
        let space = try Workspace()
        try space.write(encode(.png), to: "image.png")
        for (name, target) in [("good", "image.png"), ("dangling", "nowhere"), ("loop", "loop"), ("pipe", "/dev/zero")]
        {
            try FileManager.default.createSymbolicLink(atPath: space(name), withDestinationPath: target)
        }
        #expect(refusal(space("good")) == nil)
        #expect(refusal(space("dangling"))?.code == .notFound)
        #expect(refusal(space("loop"))?.code == .unreadable && refusal(space("loop"))?.message.contains("link") == true)
        #expect(refusal(space("pipe"))?.code == .unreadable)
        #expect(refusal(space("image.png/below"))?.code == .notFound)
    }

    @Test("A file of mode 000 is refused", .enabled(if: getuid() != 0, "skipped: root may read everything"))
    func permissions() throws {
        let space = try Workspace()
        let path = try space.write(encode(.png), to: "secret.png")
        #expect(chmod(path, 0) == 0)
        #expect(refusal(path)?.code == .unreadable)
    }
}
