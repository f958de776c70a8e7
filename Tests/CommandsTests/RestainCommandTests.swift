import Foundation
import ImageFiles
import SmearPhantom
import TestSupport
import Testing

@Suite struct RestainCommandTests {
    @Test("Without options the image comes back, sample by sample; with a preset it does not, and the same each time")
    func presets() throws {
        let bench = try Bench()
        let smear = try bench.capture("in/smear.png")
        let same = try bench.nctd("restain", "in", "--output", "same")
        #expect(same.status == 0, "\(same.error)")
        let original = try ImageReader.read(path: smear).image
        #expect(try ImageReader.read(path: bench.space("same/smear.png")).image == original)
        for output in ["once", "again"] {
            let result = try bench.nctd("restain", smear, "--output", output, "--preset", "understained")
            #expect(result.status == 0, "\(result.error)")
        }
        #expect(bench.space.read("once/smear.png") == bench.space.read("again/smear.png"))
        #expect(try ImageReader.read(path: bench.space("once/smear.png")).image != original)
    }

    @Test("An option overrides the preset")
    func override() throws {
        let bench = try Bench()
        try bench.capture("smear.png")
        let result = try bench.nctd(
            "restain", "smear.png", "--output", "out", "--preset", "dim", "--exposure", "1", "--dye-scale", "1,1,1")
        #expect(result.status == 0, "\(result.error)")
        let images = try ["smear.png", "out/smear.png"].map { try ImageReader.read(path: bench.space($0)).image }
        #expect(images[0] == images[1])
    }

    @Test("What is there is not replaced unasked, an input never; a broken file is named and the others are done")
    func refusals() throws {
        let bench = try Bench()
        try bench.capture("in/a.png")
        let broken = try bench.space.write("no image", to: "in/b.png")
        let first = try bench.nctd("restain", "in", "--output", "out", "--preset", "dim")
        #expect(
            first.status == 1 && first.error.contains(broken.split(separator: "/").suffix(2).joined(separator: "/")))
        #expect(bench.space.read("out/a.png") != nil && bench.space.read("out/b.png") == nil)
        let second = try bench.nctd("restain", "in/a.png", "--output", "out")
        #expect(second.status == 1 && second.error.contains("--overwrite"))
        let third = try bench.nctd("restain", "in/a.png", "--output", "in", "--overwrite")
        #expect(third.status == 2 && third.error.contains("--output"))
        for wrong in [["--preset", "dimm"], ["--dye-scale", "1,2"], ["--light", "300,1,1"], ["--exposure", "0"]] {
            let result = try Subprocess.run(
                Subprocess.nctd, ["restain", "in/a.png", "--output", "wrong"] + wrong, in: bench.space.path,
                environment: Bench.environment)
            #expect(result.status == 2, "\(wrong)")
        }
    }
}
