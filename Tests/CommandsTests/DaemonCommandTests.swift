import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct DaemonCommandTests {
    @Test("The daemon does what arrives, the commands tell of it beside it and after it, and SIGTERM ends it with 0")
    func wholeLife() throws {
        let bench = try Bench()
        try bench.configure()
        try bench.capture("in/slide/1.png", seed: 1)
        try bench.space.write("no image", to: "in/bad.png")
        try bench.space.write("no image", to: "in/two\nlines.png")
        #expect(mkfifo(bench.space("in/pipe.png"), 0o600) == 0)
        try FileManager.default.createSymbolicLink(
            atPath: bench.space("in/slide/link.png"), withDestinationPath: bench.space("in/slide/1.png"))
        let daemon = try bench.startDaemon()
        let process = daemon.process
        let log = daemon.read(until: "done")
        #expect(log.contains("[done]"))
        let second = try bench.nctd("run", "--config", "nctd.toml")
        #expect(second.status == 2)
        #expect(second.error.contains("process \(process.processIdentifier)"))
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)

        let status = try bench.nctd("status", "--config", "nctd.toml", "--json")
        #expect(status.status == 0)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
        let root = try #require((report["roots"] as? [[String: Any]])?.first)
        #expect(root["seen"] as? Int == 4)
        #expect(report["process_id"] == nil)
        let explained = try bench.nctd("explain", "--config", "nctd.toml", "in/slide/1.png")
        #expect(explained.output.contains("done"))
        #expect(explained.output.contains("out/lab-b/slide/1.png"))
        let link = try bench.nctd("explain", "--config", "nctd.toml", "in/slide/../slide/./link.png")
        #expect(link.output.contains("ignored") && link.output.contains("a symbolic link"), "\(link.output)")
        for (name, what) in [
            ("two\nlines.png", #"in/two\x0Alines.png: failed"#), (#"two\x0Alines.png"#, "failed"),
            ("pipe.png", "it is no regular file"), ("slide", "it is a directory"),
            ("none.png", "there is no such file"),
        ] {
            let told = try bench.nctd("explain", "--config", "nctd.toml", "in/" + name)
            #expect(told.output.contains(what) && !told.output.contains("\nlines.png"), "\(told.output)")
        }
        let listed = try bench.nctd("list", "--config", "nctd.toml", "--state", "done", "--since", "today")
        #expect(listed.output.contains("in/slide/1.png: done, "), "\(listed.output)")
        #expect(listed.output.split(separator: "\n").count == 1)
        // Whatever is less than good says why.
        #expect(explained.output.contains("not good: ") != explained.output.contains("1.png, good, "))
        #expect(explained.output.contains("sidecar: "))
        #expect(try bench.nctd("list", "--config", "nctd.toml", "--until", "yesterday").output == "")
        let asked = try bench.nctd("reprocess", "--config", "nctd.toml", "--profile", "lab-a", "--dry-run")
        #expect(
            asked.output
                == "1 capture would be looked at again; those whose result would be the same stay as they are\n")
        let checked = try bench.nctd("status", "--config", "nctd.toml", "--check")
        #expect(checked.status == 1 && (report["needs_person"] as? [String]) == ["the daemon is not running"])
        #expect(try bench.nctd("verify", "--config", "nctd.toml").status == 0)
        let sidecar = try #require(bench.space.read("out/lab-b/slide/1.png.json"))
        let schema = try JSONSchema(
            json: Data(contentsOf: SidecarSchemaTests.docs.appendingPathComponent("sidecar.schema.json")))
        #expect(try schema.violations(of: sidecar) == [])
    }

    @Test("What is repaired, in hand, no result or gone is called so")
    func repairs() throws {
        let bench = try Bench()
        try bench.configure()
        for number in 1...2 { try bench.capture("in/\(number).png", seed: UInt64(number)) }
        let daemon = try bench.startDaemon()
        _ = daemon.read(until: "done", count: 2)
        daemon.process.terminate()
        daemon.process.waitUntilExit()
        for name in ["out/lab-b/none.png", "out/lab-b/1.png.v7", "out/lab-b"] {
            let none = try bench.command("repair", name)
            #expect(none.status == 2 && none.error.contains("\(name) is no result"), "\(name): \(none)")
        }
        let sound = try bench.command("repair", "out/lab-b/1.png")
        #expect(sound.status == 0 && sound.output.contains("1 result is sound"), "\(sound)")
        for name in ["1.png", "1.png.json", "2.png"] {
            try FileManager.default.removeItem(atPath: bench.space("out/lab-b/\(name)"))
        }
        let repaired = try bench.command("repair")
        #expect(repaired.status == 0 && repaired.output.hasSuffix("2 problems: 2 repaired, 0 left\n"), "\(repaired)")
        // The one of which nothing is left is found by its name alone.
        for again in [
            try bench.command("repair"), try bench.command("repair", "out/lab-b/1.png"),
            try bench.command("repair", "--dry-run"),
        ] {
            #expect(again.status == 0, "\(again)")
            #expect(again.output.hasSuffix("1 problem: 0 repaired, 1 in hand, 0 left\n"), "\(again)")
        }
        #expect(try bench.command("repair", "--json").output.contains("\"in_hand\" : 1"))
        let second = try bench.startDaemon()
        _ = second.read(until: "done", count: 2)
        second.process.terminate()
        second.process.waitUntilExit()
        try FileManager.default.removeItem(atPath: bench.space("in/1.png"))
        let gone = try bench.command("explain", "in/1.png")
        #expect(gone.output.contains("1.png: done") && gone.output.contains("why: its file is gone; its result stays"))
        let verified = try bench.command("verify", "--captures")
        #expect(verified.status == 0 && verified.output.contains("lab-b/1.png: its capture is gone"), "\(verified)")
        #expect(verified.output.contains("1 capture compared"), "\(verified)")
    }

    @Test("Where the output is not there, or is another tree, no result is said to be missing")
    func otherTree() throws {
        let bench = try Bench()
        try bench.configure()
        try bench.capture("in/1.png", seed: 1)
        let daemon = try bench.startDaemon()
        _ = daemon.read(until: "done")
        daemon.process.terminate()
        daemon.process.waitUntilExit()
        try FileManager.default.copyItem(atPath: bench.space("out"), toPath: bench.space("copy"))
        #expect(try bench.command("verify", "--output", bench.space("copy")).status == 0)
        try FileManager.default.moveItem(atPath: bench.space("out"), toPath: bench.space("away"))
        try FileManager.default.createDirectory(atPath: bench.space("out"), withIntermediateDirectories: true)
        for arguments in [["verify"], ["verify", "--output", bench.space("out")], ["repair"]] {
            let refused = try bench.command(arguments)
            #expect(refused.status == 2 && refused.output.isEmpty, "\(refused)")
            #expect(refused.error.contains(".nctd-tree") && refused.error.contains("mount"), "\(refused.error)")
        }
        for (name, words) in [("none", "No such file"), ("in", ".nctd-tree")] {
            let refused = try bench.command("verify", "--output", bench.space(name))
            #expect(refused.status == 2 && refused.output.isEmpty && refused.error.contains(words), "\(refused)")
        }
    }

    @Test("A name that is not known is an error that lists what there is, and what nothing would take up is refused")
    func unknownNames() throws {
        let bench = try Bench()
        try bench.configure()
        try bench.capture("in/1.png", seed: 1)
        try bench.space.write("no image", to: "in/bad.png")
        let daemon = try bench.startDaemon()
        let process = daemon.process
        let log = daemon.read(until: "done")
        if !log.contains("[failed]") { _ = daemon.read(until: "failed") }
        process.terminate()
        process.waitUntilExit()
        for (arguments, words) in [
            (["retry", "--lab", "lab-c"], ["--lab lab-c", "did you mean lab-b?", "known: lab-b"]),
            (["failures", "--lab", "nowhere"], ["--lab nowhere", "known: lab-b"]),
            (["reprocess", "--profile", "lab-b"], ["--profile lab-b", "did you mean lab-a?", "known: lab-a"]),
            (["retry", "in/nothing.png"], ["in/nothing.png", "no such capture"]),
            (["retry", "in/1.png"], ["in/1.png has not failed; it is done"]),
        ] {
            let result = try bench.command(arguments)
            #expect(result.status == 2 && result.output == "", "\(arguments): \(result.status)")
            for word in words { #expect(result.error.contains(word), "\(arguments): \(result.error)") }
        }
        // The tree leaves the configuration: nothing would ever take up what is put back to work.
        let text = String(decoding: try #require(bench.space.read("nctd.toml")), as: UTF8.self)
        try FileManager.default.createDirectory(atPath: bench.space("in2"), withIntermediateDirectories: true)
        try bench.space.write(text.replacing("/in\"", with: "/in2\""), to: "nctd.toml")
        let one = try bench.command("retry", "in/bad.png")
        #expect(one.status == 2 && one.error.contains("no longer watched"), "\(one)")
        let all = try bench.command("retry")
        #expect(all.status == 0 && all.output.contains("0 captures are pending again"), "\(all)")
        #expect(all.error.contains("1 failed capture left") && all.error.contains("no longer watched"), "\(all)")
        let done = try bench.command("reprocess", "--profile", "lab-a")
        #expect(done.output.contains("0 captures") && done.error.contains("1 done capture left"), "\(done)")
        try bench.space.write(text, to: "nctd.toml")
        let again = try bench.command("retry")
        #expect(again.output.contains("1 capture is pending again"), "\(again)")
        let why = try bench.command("explain", "in/bad.png")
        #expect(why.output.contains("why: the daemon is not running"), "\(why)")
    }

    @Test(
        "Without a ledger the commands say where they looked and end with 2",
        arguments: ["status", "failures", "verify"])
    func withoutLedger(command: String) throws {
        let bench = try Bench()
        try bench.configure()
        let result = try bench.nctd(command, "--config", "nctd.toml")
        #expect(result.status == 2)
        #expect(result.error.contains("ledger.sqlite"))
    }
}
