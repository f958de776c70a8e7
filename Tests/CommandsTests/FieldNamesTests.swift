import Foundation
import ImageFiles
import Jobs
import TestSupport
import Testing

/// Names of any bytes, links, and what network stores keep beside the captures, by the command line.
@Suite struct FieldNamesTests {
    private func write(_ bytes: [UInt8], named name: [UInt8], in folder: String) throws {
        let path = (Array(folder.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    @Test("A name that is no UTF-8 is done, and no name breaks a line")
    func names() throws {
        let bench = try Bench()
        try bench.capture("in/plain.png")
        let picture = Array(try #require(bench.space.read("in/plain.png")))
        try write(picture, named: [0x57, 0xFC] + Array("rzburg.png".utf8), in: bench.space("in"))
        try write(picture, named: Array("two\nlines.png".utf8), in: bench.space("in"))
        let result = try bench.normalize(["in"])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("3 captures: "))
        #expect(result.output.contains("W\\xFCrzburg.png") && result.output.contains("two\\x0Alines.png"))
        #expect(result.output.split(separator: "\n").allSatisfy { !$0.hasPrefix("lines") }, "\(result.output)")
        #expect(
            bench.space.files(in: "out").filter { $0.hasSuffix(".png") } == [
                "W\\xFCrzburg.png", "plain.png", "two\nlines.png",
            ])
        let suggested = try bench.nctd("profile", "suggest", "in", "--count", "1", "--sheet", "sheet.png")
        #expect(suggested.error.contains("W\\xFCrzburg.png: the name is no UTF-8"), "\(suggested.error)")
    }

    @Test("A name that is no text can be named by its bytes and as nctd prints it; a literal backslash comes first")
    func namedByBytes() throws {
        let bench = try Bench()
        try bench.capture("plain.png")
        let picture = Array(try #require(bench.space.read("plain.png")))
        try write(picture, named: [0x57, 0xFC] + Array("r.png".utf8), in: bench.space.path)
        let other = Array(try #require(bench.space.read("reference.png")))
        try write(other, named: Array(#"back\x41.png"#.utf8), in: bench.space.path)
        try write(picture, named: Array("backA.png".utf8), in: bench.space.path)
        // The shell hands over the byte itself, which a `String` could not hold.
        let raw = try Subprocess.run(
            "/bin/sh",
            ["-c", #"exec "$0" compare "$(printf 'W\374r.png')" plain.png --output raw.png"#, Subprocess.nctd],
            in: bench.space.path, environment: Bench.environment)
        #expect(raw.status == 0, "\(raw.error)")
        let printed = try bench.normalize([#"W\xFCr.png"#, #"back\x41.png"#])
        #expect(printed.status == 0, "\(printed.error)")
        #expect(bench.space.read(#"out/W\xFCr.png"#) != nil && bench.space.read(#"out/back\x41.png"#) != nil)
        #expect(bench.space.read("out/backA.png") == nil)
        let missing = try bench.normalize([#"N\xFCr.png"#])
        #expect(
            missing.status == 1 && missing.error.contains(#"N\xFCr.png: there is no such file"#), "\(missing.error)")
    }

    @Test("Links within a directory are left out and said; with --follow-links those that stay in it are taken")
    func links() throws {
        let bench = try Bench()
        try bench.capture("in/capture.png")
        try bench.capture("in/.git/annex/1.png", seed: 2)
        try bench.capture("elsewhere/one.png", seed: 3)
        try bench.space.write("no picture", to: "in/readme.txt")
        for (link, target) in [
            ("annexed.png", ".git/annex/1.png"), ("store", ".git/annex"),
            ("twice.png", ".git/annex/1.png"), ("out", bench.space("elsewhere")),
            ("out.png", bench.space("elsewhere/one.png")), ("again.png", "capture.png"), ("loop", "."),
            ("text.txt", "readme.txt"), (".hidden.png", "capture.png"),
        ] {
            try FileManager.default.createSymbolicLink(
                atPath: bench.space("in/" + link), withDestinationPath: target)
        }
        func results(_ folder: String) -> [String] { bench.space.files(in: folder).filter { $0.hasSuffix(".png") } }
        let plain = try bench.normalize(["in", "--json"])
        #expect(plain.status == 0 && results("out") == ["capture.png"], "\(plain.error)")
        #expect(plain.error.contains("7 symbolic links are left out (in/again.png: not followed; "), "\(plain.error)")
        struct Report: Decodable {
            struct Entry: Decodable { var input: String }
            var leftOut: [Entry]
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let report = try decoder.decode(Report.self, from: Data(plain.output.utf8))
        let names = ["again.png", "annexed.png", "loop", "out", "out.png", "store", "twice.png"]
        #expect(report.leftOut.map(\.input) == names.map { "in/" + $0 })
        let followed = try bench.normalize(["in", "--follow-links", "--overwrite"])
        #expect(followed.status == 0, "\(followed.error)")
        #expect(results("out") == ["annexed.png", "capture.png"], "\(followed.error)")
        for reason in [
            "in/again.png: a symbolic link to capture.png, which is a capture by its own name",
            "in/loop: a symbolic link in a circle", "in/out: it leads out of in", "in/out.png: it leads out of in",
            "in/store/1.png: another link leads there", "in/twice.png: another link leads there",
        ] { #expect(followed.error.contains(reason), "\(followed.error)") }
        // What is named itself is followed.
        let named = try bench.normalize(["in/out.png", "in/out", "--overwrite"])
        #expect(named.status == 0 && results("out").contains("one.png"), "\(named.error)")
        let nothing = try bench.nctd("profile", "suggest", "in/out", "in/loop", "--count", "1", "--sheet", "s.png")
        #expect(nothing.error.contains("in/loop/out.png: not followed"), "\(nothing.status) \(nothing.error)")
    }

    @Test("What network stores keep beside the captures is left out")
    func shares() throws {
        let bench = try Bench()
        try bench.capture("in/capture.png")
        for beside in [
            "@eaDir/capture.png", "#recycle", "#snapshot/GMT1", "@Recycle", "@Recently-Snapshot/a",
            "~snapshot/hourly.0",
            ".snapshot/hourly.0", "$RECYCLE.BIN", "RECYCLER/S-1", ".Trash-1000/files", "System Volume Information",
            "__MACOSX", ".stversions", "lost+found",
        ] {
            try bench.capture("in/\(beside)/image.png", seed: 3)
        }
        try bench.space.write("not a picture", to: "in/~$capture.png")
        let result = try bench.normalize(["in"])
        #expect(result.status == 0, "\(result.error)")
        #expect(
            bench.space.files(in: "out").filter { $0.hasSuffix(".png") } == ["capture.png"],
            "\(bench.space.files(in: "out"))")
    }

    @Test("profile check refuses what is no smear, says what references show, and the same picture twice")
    func references() throws {
        let bench = try Bench()
        var negative = Bench.smear(seed: 900, stain: .labA)
        for index in negative.samples.indices { negative.samples[index] = 1 - negative.samples[index] }
        try bench.space.write(try Bench.encode(negative), to: "negative.png")
        try bench.space.write("references = [\"reference.png\", \"negative.png\"]\nlevels = [1]\n", to: "p.toml")
        let refused = try bench.nctd("profile", "check", "p.toml")
        #expect(refused.status == 2 && refused.error.contains("negative.png: cannot serve as a reference"))
        try bench.space.write("references = [\"reference.png\", \"reference.png\"]\nlevels = [1]\n", to: "p.toml")
        let twice = try bench.nctd("profile", "check", "p.toml")
        #expect(twice.status == 0 && twice.error.contains("same picture as reference 1"), "\(twice.error)")
        #expect(twice.output.contains("red cell"), "\(twice.output)")
    }
}
