import Foundation
import TestSupport
import Testing

/// `nctd report` over captures that the daemon did: three formats of one content, and names that are no words.
@Suite(.timeLimit(.minutes(15))) struct ReportCommandTests {
    @Test("Markdown, HTML and JSON say the same, and no name breaks any of them")
    func formats() throws {
        let bench = try Bench()
        try bench.configure(lab: "lab_b")
        try bench.capture("in/1.png", seed: 1)
        try bench.space.write("no image", to: "in/a<b>|*_&\".png")
        let daemon = try bench.startDaemon()
        let log = daemon.read(until: "done")
        if !log.contains("[failed]") { _ = daemon.read(until: "failed") }
        defer {
            daemon.process.terminate()
            daemon.process.waitUntilExit()
        }
        // Beside the running daemon.
        let json = try bench.nctd("report", "--config", "nctd.toml", "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let lab = try #require((report["labs"] as? [[String: Any]])?.first)
        #expect(lab["done"] as? Int == 1 && lab["failed"] as? Int == 1 && lab["lab"] as? String == "lab_b")
        let week = try #require((lab["weeks"] as? [[String: Any]])?.first)
        #expect((week["background"] as? [Double])?.count == 3 && week["background_drift"] as? Double == 0)
        let markdown = try bench.nctd("report", "--config", "nctd.toml", "--since", "today").output
        #expect(markdown.hasPrefix("# Blood smear normalization, "))
        #expect(markdown.contains("## lab\\_b") && markdown.contains("/in/a\\<b\\>\\|\\*\\_&\".png"), "\(markdown)")
        // Every row of a table has as many cells as its head.
        for table in markdown.components(separatedBy: "\n\n").filter({ $0.hasPrefix("|") }) {
            let cells = table.split(separator: "\n").map { $0.replacing("\\|", with: "").count { $0 == "|" } }
            #expect(Set(cells).count == 1 && cells.count > 2, "\(table)")
        }
        let html = try bench.nctd("report", "--config", "nctd.toml", "--html", "--lab", "lab_b").output
        #expect(html.contains("a&lt;b&gt;|*_&amp;&quot;.png") && html.contains("@page") && !html.contains("<script"))
        let parsed = try XMLParts(html)
        #expect(parsed.isWellFormed, "\(parsed.open)")
        #expect(parsed.counts["table"] == markdown.components(separatedBy: "\n| ---").count - 1)
        #expect(parsed.counts["h2"] == 1)
        for (arguments, words) in [
            (["--month", "2026-13"], ["--month"]), (["--html", "--json"], ["--html", "--json"]),
            (["--month", "2026-01", "--since", "today"], ["--month", "--since"]),
            (["--since", "today", "--until", "yesterday"], ["ends before it begins"]),
            (["--lab", "x"], ["known: lab_b"]),
        ] {
            let result = try Subprocess.run(
                Subprocess.nctd, ["report", "--config", "nctd.toml"] + arguments, in: bench.space.path,
                environment: Bench.environment)
            #expect(result.status == 2 && result.output.isEmpty, "\(arguments)")
            for word in words { #expect(result.error.contains(word), "\(result.error)") }
        }
    }

    /// The tags of a page: whether each that is opened is closed in its turn, and how many there are.
    private struct XMLParts {
        var counts: [String: Int] = [:]
        var open: [String] = []
        var isWellFormed = true

        init(_ page: String) throws {
            for tag in page.matches(of: #/<(/?)([a-z][a-z0-9]*)[^>]*>/#) {
                let name = String(tag.2)
                if name == "meta" { continue }
                if tag.1.isEmpty {
                    counts[name, default: 0] += 1
                    open.append(name)
                } else if open.popLast() != name {
                    isWellFormed = false
                }
            }
            isWellFormed = isWellFormed && open.isEmpty
        }
    }
}
