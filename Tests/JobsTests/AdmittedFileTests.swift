import Foundation
import ImageFiles
import Jobs
import NCTEngine
import TestSupport
import Testing

@Suite struct AdmittedFileTests {
    @Test("An image that is only looked at is not even decoded where that takes more memory than it may")
    func refused() throws {
        let space = try Workspace()
        let image = RGBImage(width: 400, height: 300, filledWith: (0.5, 0.4, 0.6))
        let bytes = try ImageWriter.encode(ImageFile(image: image), options: .init(format: .png))
        let path = try space.write(bytes, to: "x.png")
        func width(memory: Int, threads: Int = 1) throws -> Int {
            try AdmittedFile.withImage(
                ofFileAt: Array(path.utf8), name: "x.png", threads: threads, memory: memory
            ) { $0.width }
        }
        #expect(try width(memory: 1 << 30) == 400)
        // More than a thread's share, so that it is looked at alone.
        #expect(try width(memory: 80 << 20, threads: 64) == 400)
        #expect {
            try width(memory: 1 << 20)
        } throws: { error in
            let failure = error as? JobFailure
            return failure?.file == "x.png" && failure?.cause.contains("1 MiB may be used") == true
        }
    }

    @Test("A light that is a pipe is refused, not waited for", .timeLimit(.minutes(15)))
    func pipe() throws {
        let space = try Workspace()
        try #require(mkfifo(space("light.json"), 0o600) == 0)
        #expect(throws: JobFailure.self) {
            try KnownLight(reading: space("light.json"), workers: Workers(threads: 1))
        }
    }
}
