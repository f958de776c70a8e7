import Foundation
import ImageFiles
import Jobs
import TestSupport
import Testing

/// `nctd normalize` over what it was run over before.
@Suite struct RunAgainTests {
    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    private func times(_ bench: Bench, in folder: String = "out") -> [String: Date] {
        Dictionary(
            uniqueKeysWithValues: bench.space.files(in: folder).map { name in
                let attributes = try? FileManager.default.attributesOfItem(atPath: bench.space("\(folder)/\(name)"))
                return (name, attributes?[.modificationDate] as? Date ?? .distantPast)
            })
    }

    @Test("What is done is left and counted; what is missing, damaged or not there yet is made")
    func again() throws {
        let bench = try Bench()
        for number in 1...4 { try bench.capture("in/\(number).png", seed: UInt64(number)) }
        let first = try bench.normalize(["in"])
        #expect(first.status == 0, "\(first.error)")
        let whole = try #require(bench.space.read("out/2.png"))
        let before = times(bench)
        let second = try bench.normalize(["in"], "--json")
        #expect(second.status == 0, "\(second.error)")
        #expect(times(bench) == before)
        let report = try object(second.output)
        let summary = try #require(report["summary"] as? [String: Any])
        #expect(summary["captures"] as? Int == 4 && summary["skipped"] as? Int == 4 && summary["failed"] as? Int == 0)
        let results = try #require(report["results"] as? [[String: Any]])
        #expect(results.allSatisfy { $0["skipped"] as? Bool == true && $0["quality"] != nil && $0["sidecar"] != nil })
        // An image that is gone is made again, one that was changed is not replaced without being asked.
        try FileManager.default.removeItem(atPath: bench.space("out/2.png"))
        try bench.space.write("torn", to: "out/3.png")
        let third = try bench.normalize(["in"])
        #expect(third.status == 1 && third.output.contains("1 failed, 2 of them done before"), "\(third.output)")
        #expect(bench.space.read("out/2.png") == whole)
        #expect(bench.space.read("out/3.png") == Data("torn".utf8))
        #expect(third.error.components(separatedBy: "out/3.png exists").count == 2, "\(third.error)")
    }

    @Test("Other settings, another reference or another capture under the name are not the same result")
    func others() throws {
        let bench = try Bench()
        let capture = try bench.capture("c.png")
        #expect(try bench.normalize([capture]).status == 0)
        #expect(try bench.normalize([capture]).output.contains("1 of them done before"))
        let made = try #require(bench.space.read("out/c.png"))
        let second = try bench.space.write(try Bench.encode(Bench.smear(seed: 901, stain: .labA)), to: "second.png")
        for more in [["--seed", "2"], ["--components", "8"], ["--reference", second], ["--method", "reinhard"]] {
            let arguments = ["normalize", capture, "--reference", bench.reference, "--output", "out", "--layer", "1"]
            func run(_ last: String...) throws -> Subprocess.Result {
                try Subprocess.run(
                    Subprocess.nctd, arguments + ["--no-cache"] + more + last, in: bench.space.path,
                    environment: Bench.environment)
            }
            let other = try run()
            #expect(
                other.status == 1 && other.error.contains("--skip-existing"), "\(more): \(other.output)\(other.error)")
            let kept = try run("--skip-existing")
            #expect(kept.status == 0 && kept.output.contains("1 of them done before"), "\(more): \(kept.error)")
        }
        #expect(bench.space.read("out/c.png") == made)
        try bench.capture("c.png", seed: 2)
        #expect(try bench.normalize([capture], "--skip-existing").status == 1, "it is a result of other bytes")
        #expect(try bench.normalize([capture], "--overwrite").status == 0)
        #expect(bench.space.read("out/c.png") != made)
        #expect(try bench.normalize([capture], "--overwrite", "--skip-existing").status == 2)
    }

    @Test("An interrupted run tells in JSON what it did, and the next one goes on from there")
    func interrupted() throws {
        let bench = try Bench()
        for index in 0..<40 { try bench.capture("in/\(index).png", seed: UInt64(index)) }
        let arguments = [
            "normalize", "in", "--reference", bench.reference, "--output", "out", "--layer", "1", "--no-cache",
            "--json",
        ]
        // Its progress is on standard error, which is read here while it runs.
        let result = try Subprocess.run(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>&1 > report.json", Subprocess.nctd] + arguments,
            in: bench.space.path, environment: Bench.environment
        ) { text, process in
            if text.contains("[ 2/40]") { process.interrupt() }
        }
        #expect(result.status == 130, "\(result.output)")
        let report = try object(String(decoding: try #require(bench.space.read("report.json")), as: UTF8.self))
        let summary = try #require(report["summary"] as? [String: Any])
        let done = try #require(summary["captures"] as? Int)
        #expect(done >= 2 && done < 40 && summary["not_reached"] as? Int == 40 - done)
        #expect((report["results"] as? [[String: Any]])?.count == done)
        #expect(result.output.contains("\(done) of 40 captures done"), "\(result.output)")
        let images = bench.space.files(in: "out").filter { $0.hasSuffix(".png") }.count
        // One may have been written whose entry was not.
        #expect(images == done || images == done + 1)
        let next = try Subprocess.run(
            Subprocess.nctd, arguments, in: bench.space.path, environment: Bench.environment)
        let last = try #require(try object(next.output)["summary"] as? [String: Any])
        #expect(next.status == 0 && last["captures"] as? Int == 40 && last["skipped"] as? Int == images)
        #expect(last["not_reached"] == nil)
    }

    @Test("An image with a sidecar of nctd is a result and no capture, wherever it lies")
    func results() throws {
        let bench = try Bench()
        try bench.capture("in/a.png")
        try bench.capture("in/b.png", seed: 2)
        try bench.space.write("{\"about\": \"something else\"}", to: "in/b.png.json")
        #expect(try bench.normalize(["in"]).status == 0)
        for name in ["a.png", "a.png.json"] {
            try FileManager.default.createDirectory(
                atPath: bench.space("in/earlier"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: bench.space("out/" + name), toPath: bench.space("in/earlier/" + name))
        }
        let again = try bench.normalize(["in"], "--json")
        #expect(again.status == 0 && again.error.contains("in/earlier/a.png"), "\(again.error)")
        let report = try object(again.output)
        #expect((report["summary"] as? [String: Any])?["captures"] as? Int == 2)
        #expect((report["summary"] as? [String: Any])?["left_out"] as? Int == 1)
        let leftOut = try #require((report["left_out"] as? [[String: Any]])?.first)
        #expect(leftOut["input"] as? String == "in/earlier/a.png")
        #expect((leftOut["reason"] as? String)?.contains("result of nctd") == true)
        let named = try bench.nctd("normalize", "out/a.png", "--reference", bench.reference, "--output", "more")
        #expect(named.status == 2 && named.error.contains("out/a.png") && named.error.contains("name the captures"))
        for command in [
            ["profile", "learn", "out", "--output", "p.json"], ["profile", "flat-field", "out", "--output", "f"],
        ] {
            let refused = try Subprocess.run(
                Subprocess.nctd, command, in: bench.space.path, environment: Bench.environment)
            #expect(refused.status == 2 && refused.error.contains("results of nctd"), "\(refused.error)")
        }
    }

    @Test(
        "Captures that differ in their extension alone are called after it, whichever is named, and whatever came first"
    )
    func twins() throws {
        let bench = try Bench()
        try bench.capture("in/x.png")
        try bench.capture("in/x.jpg", as: .jpeg)
        try bench.capture("in/y.jpg", seed: 2, as: .jpeg)
        #expect(try bench.normalize(["in/x.jpg"]).status == 0)
        #expect(bench.space.files(in: "out") == ["x.jpg.png", "x.jpg.png.json"])
        // With other inputs another palette is learned, so that it would not be quite the same result.
        let all = try bench.normalize(["in"], "--skip-existing")
        #expect(all.status == 0 && all.output.contains("1 of them done before"), "\(all.error)")
        #expect(
            bench.space.files(in: "out").filter { $0.hasSuffix(".png") } == ["x.jpg.png", "x.png.png", "y.png"])
    }
}
