import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing

@Suite struct JournalLogTests {
    private static let root = (#filePath as NSString).deletingLastPathComponent + "/../.."
    private static let failure = CaptureFailure(code: "corrupt", message: "it ends early", remedy: "export it again")

    /// The values of a field.
    private static func values(_ name: String, _ event: DaemonEvent) -> [[UInt8]] {
        event.journalFields.filter { $0.starts(with: "\(name)=".utf8) }.map { Array($0.dropFirst(name.utf8.count + 1)) }
    }

    private static func text(_ name: String, _ event: DaemonEvent) -> String? {
        values(name, event).first.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Every kind of event has a message id of its own, as systemd writes them")
    func messageIDs() {
        let ids = DaemonEvent.Kind.allCases.map(\.messageID)
        #expect(Set(ids).count == ids.count)
        for id in ids { #expect(id.wholeMatch(of: /[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}/) != nil, "\(id)") }
    }

    @Test("The message catalog explains every kind of event, and nothing else")
    func catalog() throws {
        let text = try String(contentsOfFile: Self.root + "/systemd/nctd.catalog", encoding: .utf8)
        let entries = text.split(separator: #/(?m)^-- /#).dropFirst().map(String.init)
        var explained: [String: String] = [:]
        for entry in entries {
            let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
            explained[String(lines[0])] = lines.dropFirst().joined(separator: "\n")
        }
        #expect(entries.count == explained.count)
        #expect(Set(explained.keys) == Set(DaemonEvent.Kind.allCases.map(\.messageID)))
        for kind in DaemonEvent.Kind.allCases {
            let entry = try #require(explained[kind.messageID], "\(kind)")
            #expect(entry.contains(/Subject: \S/), "\(kind)")
            let body = entry.split(separator: "\n\n", maxSplits: 1).last ?? ""
            #expect(body.count > 60, "\(kind) is not explained")
        }
    }

    @Test("The fields that the catalog speaks of are those of the events")
    func catalogFields() throws {
        let text = try String(contentsOfFile: Self.root + "/systemd/nctd.catalog", encoding: .utf8)
        let used = text.matches(of: /@([A-Z0-9_]+)@/).map { String($0.1) }
        #expect(!used.isEmpty)
        for name in used { #expect(DaemonEvent.Field(rawValue: name) != nil, "\(name)") }
    }

    @Test("A finished capture's entry has lab, profile, file, digest, state, verdict and duration")
    func finished() {
        let event = DaemonEvent.done(
            .init(
                lab: "lab-b", profile: "p", file: "/in/x.png", sha256: "ab", output: "lab-b/x.png", verdict: "good",
                delivery: "delivered", how: .normalized, version: nil, milliseconds: 12.6))
        #expect(Self.text("MESSAGE_ID", event) == DaemonEvent.Kind.done.messageID)
        #expect(Self.text("PRIORITY", event) == "6")
        #expect(Self.text("SYSLOG_IDENTIFIER", event) == "nctd")
        #expect(Self.text("NCT_EVENT", event) == "done")
        #expect(Self.text("NCT_LAB", event) == "lab-b")
        #expect(Self.text("NCT_PROFILE", event) == "p")
        #expect(Self.text("NCT_FILE", event) == "/in/x.png")
        #expect(Self.text("NCT_SHA256", event) == "ab")
        #expect(Self.text("NCT_STATE", event) == "done")
        #expect(Self.text("NCT_VERDICT", event) == "good")
        #expect(Self.text("NCT_DURATION_MS", event) == "13")
        #expect(Self.text("MESSAGE", event)?.contains("/in/x.png") == true)
    }

    @Test("A file's name is in the journal as the bytes that it is, and printable in the message")
    func bytes() {
        let event = DaemonEvent.failed(
            lab: "l", file: #"/in/\xFFa\x5Cb\x0A.png"#, failure: Self.failure, attempts: 1)
        #expect(Self.values("NCT_FILE", event) == [Array("/in/".utf8) + [0xFF] + Array("a\\b\n.png".utf8)])
        #expect(Self.text("MESSAGE", event)?.contains("\n") == false)
    }

    @Test(
        "A failing capture is a warning; a root that goes away and a full disk are errors; nothing routine is above info"
    )
    func levels() {
        func priority(_ event: DaemonEvent) -> String? { Self.text("PRIORITY", event) }
        #expect(priority(.failed(lab: "l", file: "f", failure: Self.failure, attempts: 1)) == "4")
        #expect(priority(.retrying(lab: "l", file: "f", failure: Self.failure, attempt: 1, milliseconds: 1)) == "4")
        #expect(priority(.rootUnhealthy(lab: "l", root: "r", reason: "gone")) == "3")
        #expect(priority(.rootFailed(lab: "l", root: "r", reason: "gone")) == "3")
        #expect(priority(.paused(what: "the output", reason: "full")) == "3")
        #expect(priority(.reloadRefused(problems: ["x"])) == "3")
        #expect(priority(.stalled(what: "x", seconds: 1)) == "3")
        for event in [
            DaemonEvent.started(version: "1", processID: 1, configuration: "c"), .ready(pending: 1), .stopping,
            .stopped(finished: 1, givenBack: 0), .rootWatched(lab: "l", root: "r"), .rootLeft(lab: "l", root: "r"),
            .rootHealthy(lab: "l", root: "r"), .scanned(lab: "l", root: "r", files: 1),
            .seen(lab: "l", root: "r", added: 1, changed: 0, ignored: 0), .resumed(what: "the output"),
            .profilePrepared(profile: "p", features: "f", notices: []), .ignored(lab: "l", file: "f", reason: "r"),
            .reloaded(added: 0, removed: 0, changed: 0, profiles: []), .forgotten(count: 1),
            .ledgerRebuilt(captures: 1, copies: 0, copy: nil),
        ] {
            #expect(Int(priority(event) ?? "").map { $0 >= 6 } == true, "\(event)")
        }
    }
}
