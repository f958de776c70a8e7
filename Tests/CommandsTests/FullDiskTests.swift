import Foundation
import ImageFiles
import TestSupport
import Testing

/// A real file system that runs full, mounted for the test; only root may mount.
@Suite struct FullDiskTests {
    private static let isRoot = geteuid() == 0

    /// Runs `body` with a file system of so many KiB mounted on `out`.
    private func withSmallDisk(_ bench: Bench, kibibytes: Int, _ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(
            atPath: bench.space("out"), withIntermediateDirectories: true)
        let mounted = try Subprocess.run(
            "/bin/mount", ["-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", bench.space("out")])
        try #require(mounted.status == 0, "a tmpfs could not be mounted: \(mounted.error)")
        defer { _ = try? Subprocess.run("/bin/umount", [bench.space("out")]) }
        try body()
    }

    @Test(
        "On a disk that runs full the files that fit are done, the others fail by name, and nothing is half written",
        .enabled(if: isRoot, "skipped: only root can mount a small disk"))
    func full() throws {
        let bench = try Bench()
        for name in ["a.png", "b.png", "c.png", "d.png"] {
            try bench.space.write(
                try Bench.encode(Bench.smear(seed: 5, width: 200, height: 150)), to: "in/" + name)
        }
        try withSmallDisk(bench, kibibytes: 160) {
            let result = try bench.normalize([bench.space("in")])
            #expect(result.status == 1, "\(result.error)")
            let files = bench.space.files(in: "out")
            let images = files.filter { $0.hasSuffix(".png") }
            #expect((1...3).contains(images.count), "\(files)")
            #expect(files.count == 2 * images.count, "each image has its sidecar, and there is nothing else: \(files)")
            for image in images {
                #expect(files.contains(image + ".json"))
                _ = try ImageReader.read(path: bench.space("out/" + image))
            }
            for name in ["a.png", "b.png", "c.png", "d.png"] where !images.contains(name) {
                #expect(result.error.contains("out/\(name)"), "\(result.error)")
            }
            #expect(result.error.contains("no room") && result.error.contains("free space"), "\(result.error)")
        }
    }
}
