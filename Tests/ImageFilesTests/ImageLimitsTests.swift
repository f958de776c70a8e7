import Foundation
import ImageFiles
import NCTEngine
import TestSupport
import Testing

@Suite("Image limits")
struct ImageLimitsTests {
    /// The most memory that this process has had, in bytes.
    static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0.filter(\.isNumber)) }.first) * 1024
    }

    @Test("A header of 60,000 × 60,000 pixels is refused with the numbers", arguments: ImageFormat.allCases)
    func claims(format: ImageFormat) throws {
        let error = try #require(failure(Bytes.claiming(width: 60_000, height: 60_000, as: format), "bomb"))
        #expect(error.code == .tooLarge && error.message.contains("60000 × 60000"), "\(error)")
    }

    @Test("Headers that claim the largest image allowed and hold next to nothing cost no memory")
    func memory() async {
        await #expect(processExitsWith: .success) {
            for format in ImageFormat.allCases {
                let small = try Bytes.claiming(width: 60, height: 60, as: format)
                _ = failure(small)
                let bytes = try Bytes.claiming(width: 14_000, height: 14_000, as: format)
                let huge = try Bytes.claiming(width: 60_000, height: 60_000, as: format)
                let before = try ImageLimitsTests.peakMemory()
                let refused = failure(huge)?.code == .tooLarge && failure(bytes) != nil
                let grown = try ImageLimitsTests.peakMemory() - before
                print("\(format): \(grown) bytes")
                // JPEG decodes what is there row by row before it misses the rest.
                if !refused || grown > 64 << 20 { exit(EXIT_FAILURE) }
            }
        }
    }

    @Test("A file with more bytes than allowed is refused before it is read")
    func bytes() throws {
        let space = try Workspace()
        let path = try space.write([0x89], to: "large.png")
        // A sparse file: reading it would show.
        #expect(truncate(path, 1 << 40) == 0)
        let start = ContinuousClock.now
        #expect { try ImageReader.read(path: path) } throws: {
            ($0 as? ImageFileError)?.code == .tooLarge && "\($0)".contains("1099511627776")
        }
        #expect { try ImageReader.header(ofFileAt: path) } throws: { ($0 as? ImageFileError)?.code == .tooLarge }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("Limits on pixels, sides and bytes are exact", arguments: ImageFormat.allCases)
    func exact(format: ImageFormat) throws {
        let image = Pictures.smooth(width: 20, height: 10)
        let bytes = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: format))
        #expect(
            failure(bytes, limits: ImageLimits(maximumPixels: 200, maximumBytes: bytes.count, maximumSide: 20)) == nil)
        for limits in [
            ImageLimits(maximumPixels: 199), ImageLimits(maximumBytes: bytes.count - 1), ImageLimits(maximumSide: 19),
        ] {
            #expect(failure(bytes, limits: limits)?.code == .tooLarge)
        }
    }
}
