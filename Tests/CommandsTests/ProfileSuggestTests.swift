import Commands
import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("nctd profile suggest")
struct ProfileSuggestTests {
    /// A folder of a lab's images, each with one white cell.
    private func lab(_ bench: Bench, count: Int = 12) throws -> String {
        for index in 0..<count {
            let kinds: [WhiteCellKind] = [.segmentedNeutrophil, .eosinophil, .lymphocyte]
            let options = SceneOptions(
                whiteCellCount: 1, whiteCellKinds: [kinds[index % 3]], redCellDensity: 0.35, plateletCount: 2,
                redCellDiameter: 36)
            let image = SmearScene(seed: UInt64(60 + index), width: 216, height: 216, options: options)
                .render(in: .labA, noiseSeed: UInt64(index))
            try bench.space.write(try Bench.encode(image), to: "lab/\(index).png")
        }
        return bench.space("lab")
    }

    @Test("The profile is in order, on standard output or in a file, and a sheet is drawn where one is asked for")
    func profile() throws {
        let bench = try Bench()
        let lab = try lab(bench)
        let result = try bench.nctd(
            "profile", "suggest", lab, "--count", "2", "--name", "lab \"a\"", "--sheet", "choice/sheet.png")
        #expect(result.status == 0, "\(result.error)")
        #expect(result.error.contains("12 images looked at") && result.error.contains("coverage"))
        let sheet = try ImageReader.read(path: bench.space("choice/sheet.png")).image
        #expect(sheet.width > 700)
        let file = try bench.space.write(Array(result.output.utf8), to: "elsewhere/lab-a.toml")
        let check = try bench.nctd("profile", "check", file)
        #expect(check.status == 0, "\(check.error)")
        #expect(check.output.contains("lab \"a\"") && check.output.contains(lab))
        // Again, into a file that is there: it is left alone without --overwrite, and no sheet stands in the way.
        let before = try FileManager.default.contentsOfDirectory(atPath: bench.space.path)
        let again = try bench.nctd("profile", "suggest", lab, "--count", "2", "--output", file)
        #expect(again.status == 2 && again.error.contains("--overwrite"))
        #expect(try bench.nctd("profile", "check", file).status == 0)
        let replaced = try bench.nctd("profile", "suggest", lab, "--count", "2", "--output", file, "--overwrite")
        #expect(replaced.status == 0 && replaced.output.isEmpty, "\(replaced.error)")
        #expect(try bench.nctd("profile", "check", file).output.contains("lab"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.space.path) == before)
    }

    @Test("Copies lie beside the profile, byte for byte, and are named relative to it")
    func copy() throws {
        let bench = try Bench()
        let lab = try lab(bench)
        // For two labs: what is copied is the same, and carries the name of the lab that it comes from.
        for name in ["lab-b", "lab-c"] {
            let result = try bench.nctd(
                "profile", "suggest", lab, "--count", "3", "--copy", "profiles", "--name", name, "--output",
                "profiles/\(name).toml")
            #expect(result.status == 0, "\(result.error)")
            #expect(try bench.nctd("profile", "check", bench.space("profiles/\(name).toml")).status == 0)
        }
        let profile = try String(contentsOfFile: bench.space("profiles/lab-c.toml"), encoding: .utf8)
        let originals = try FileManager.default.contentsOfDirectory(atPath: lab).map {
            try Data(contentsOf: URL(fileURLWithPath: lab + "/" + $0))
        }
        for index in 1...3 {
            #expect(profile.contains("\"lab-\(index).png\""))
            let copy = try Data(contentsOf: URL(fileURLWithPath: bench.space("profiles/lab-\(index).png")))
            #expect(originals.contains(copy))
        }
        #expect(FileManager.default.fileExists(atPath: bench.space("profiles/lab-references.png")))
        try bench.space.write(Array("another".utf8), to: "profiles/lab-1.png")
        let other = try bench.nctd(
            "profile", "suggest", lab, "--count", "3", "--copy", "profiles", "--output", "x.toml")
        #expect(other.status == 2 && other.error.contains("lab-1.png") && other.error.contains("--overwrite"))
        #expect(!FileManager.default.fileExists(atPath: bench.space("x.toml")))
        // A sheet of somebody's own is left alone too, and what the copies come from is never replaced.
        try FileManager.default.removeItem(atPath: bench.space("profiles/lab-1.png"))
        try bench.space.write(Array("mine".utf8), to: "profiles/lab-references.png")
        let sheet = try bench.nctd("profile", "suggest", lab, "--copy", "profiles", "--output", "x.toml")
        #expect(sheet.status == 2 && sheet.error.contains("lab-references.png exists"), "\(sheet.error)")
        #expect(bench.space.files(in: "profiles").contains("lab-1.png") == false)
        let names = try FileManager.default.contentsOfDirectory(atPath: lab).sorted().map { "lab/\($0)" }
        var refused = 0
        for index in 1...3 {
            let path = "other/lab/lab-\(index).png"
            try FileManager.default.createDirectory(atPath: bench.space("other/lab"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: bench.space(names[index]), toPath: bench.space(path))
            let before = bench.space.read(path)
            let over = try bench.nctd(
                "profile", "suggest", lab, bench.space(path), "--copy", "other/lab", "--overwrite")
            #expect(bench.space.read(path) == before)
            // Where the copy would be that very image there is nothing to refuse.
            if over.status != 0 {
                refused += 1
                #expect(over.status == 2 && over.error.contains("which is read"), "\(over.error)")
                #expect(bench.space.files(in: "other/lab") == ["lab-\(index).png"])
            }
            try FileManager.default.removeItem(atPath: bench.space("other"))
        }
        #expect(refused > 0)
    }

    @Test("Copies do not go among the images, and that is said")
    func amongImages() throws {
        let bench = try Bench()
        try bench.capture("lab/a.png")
        let result = try bench.nctd("profile", "suggest", "lab", "--copy", "lab")
        #expect(result.status == 2 && result.error.contains("--copy lab is the directory of the captures"))
        #expect(result.error.contains("--copy lab/references"), "\(result.error)")
        #expect(bench.space.files(in: "lab") == ["a.png"])
    }

    @Test("An image that cannot be read is named, the others serve, and the code is 1")
    func brokenImage() throws {
        let bench = try Bench()
        let lab = try lab(bench)
        try bench.space.write(Array("no image".utf8), to: "lab/broken.png")
        let result = try bench.nctd("profile", "suggest", lab, "--json")
        #expect(result.status == 1)
        #expect(result.error.contains("broken.png"))
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect((report["references"] as? [[String: Any]])?.count == 3)
        #expect(report["images"] as? Int == 12)
    }

    @Test(
        "Wrong usage ends with code 2 and what to do",
        arguments: [
            (["lab", "--count", "4"], "--count 4"), (["empty"], "name images"), (["nowhere"], "no such"),
            ([], "Missing"),
        ])
    func wrongUsage(_ arguments: [String], _ words: String) throws {
        let bench = try Bench()
        try FileManager.default.createDirectory(atPath: bench.space("empty"), withIntermediateDirectories: true)
        let result = try Subprocess.run(
            Subprocess.nctd, ["profile", "suggest"] + arguments, in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 2)
        #expect(result.error.contains(words), "\(result.error)")
    }
}
