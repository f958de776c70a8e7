import Daemon
import Foundation
import Ledger
import TestSupport
import Testing
import Watching

/// What is said of captures that wait, and of attempts that ended.
@Suite(.timeLimit(.minutes(15))) struct PendingReasonTests {
    /// A row and its root, as a ledger has them, changed for the case.
    private func row(_ change: (inout CaptureRow, inout RootRow) -> Void) async throws -> (CaptureRow, RootRow) {
        let space = try Workspace()
        defer { withExtendedLifetime(space) {} }
        let ledger = try Ledger.open(stateDirectory: space.path)
        let now = Moment(milliseconds: 1000, wall: 1_700_000_000)
        let id = try await ledger.enterRoot(path: "/srv/a", lab: "lab-a", rules: "", now: now)
        let path = CapturePath("1.png")!
        let stamp = FileStamp(device: 1, inode: 1, size: 1, modifiedNanoseconds: 1)
        _ = try await ledger.record([.init(Sighting(path: path, stamp: stamp))], root: id, settle: .zero, now: now)
        var row = try #require(try await ledger.capture(root: id, path: path))
        var root = try #require(try await ledger.roots().first)
        change(&row, &root)
        return (row, root)
    }

    @Test("Each reason to wait is said, and the one that must end first comes first")
    func reasons() async throws {
        let now = Moment(milliseconds: 5000, wall: 1_700_000_000)
        let running = PendingReason.Surroundings(isRunning: true, budget: 4096 << 20)
        let paused = PendingReason.Surroundings(
            isRunning: true,
            pauses: [
                PauseRow(what: "lab-b: /srv/b", reason: "it is away", since: 1, root: 77),
                PauseRow(what: "profile lab-b", reason: "its reference is gone", since: 1, profile: "lab-b"),
                PauseRow(what: "the output tree /srv/out", reason: "the disk is full", since: 2),
            ])
        let stopped = PendingReason.Surroundings(isRunning: false)
        typealias Change = (inout CaptureRow, inout RootRow) -> Void
        let cases: [(PendingReason.Surroundings, Int, Change, [String])] = [
            (running, 0, { row, _ in row.dueMilliseconds = 5 }, ["its turn", "next of its lab"]),
            (running, 1, { row, _ in row.dueMilliseconds = 5 }, ["its turn, after 1 other capture of"]),
            (running, 7, { row, _ in row.dueMilliseconds = 5 }, ["after 7 other captures"]),
            (running, 0, { row, _ in row.dueMilliseconds = 8000 }, ["must stay unchanged until 2023-11-14T22:13:23"]),
            (
                running, 0,
                { row, _ in
                    row.dueMilliseconds = 8000
                    row.note = "it is not whole: no end"
                }, ["it is not whole: no end", "again at 2023-11-14T22:13:23"]
            ),
            (
                running, 0,
                { row, _ in
                    row.dueMilliseconds = 8000
                    row.attempts = 2
                    row.failure = CaptureFailure(code: "x", message: "the share is away", remedy: "")
                }, ["its 2nd attempt failed (the share is away)", "2023-11-14T22:13:23"]
            ),
            (
                running, 0, { row, _ in row.memory = 3000 << 20 },
                ["memory", "3000 MiB", "4096 MiB", "memory_mebibytes"]
            ),
            (running, 0, { row, _ in row.inProgress = true }, ["it is in work"]),
            (running, 0, { _, root in root.unhealthy = "it is not mounted" }, ["not well: it is not mounted"]),
            (
                running, 0,
                { row, root in
                    row.inProgress = true
                    root.isWatched = false
                }, ["/srv/a is no longer watched", "[[watch]]"]
            ),
            (paused, 0, { row, _ in row.memory = 1 }, ["the output tree /srv/out is paused: the disk is full"]),
            (stopped, 0, { _, _ in }, ["the daemon is not running"]),
            (stopped, 0, { row, _ in row.inProgress = true }, ["in work when the daemon ended"]),
        ]
        for (surroundings, ahead, change, words) in cases {
            let (row, root) = try await row(change)
            let text = PendingReason(surroundings).text(row, root: root, ahead: ahead, now: now)
            for word in words { #expect(text.contains(word), "\(text) lacks \(word)") }
        }
    }

    @Test(
        "The end of a worker is said as it was, with what to do about it",
        arguments: [
            (
                WorkerLoss.late(seconds: 240), 2, "late", ["one step took longer than the 240 s", "the 2nd"],
                ["step_limit_seconds", "crop"], ["defect"]
            ),
            (
                .died(signal: SIGKILL), 3, "crashed", ["died by signal 9", "the 3rd"], ["journalctl -k", "memory"],
                ["defect"]
            ),
            (.died(signal: SIGSEGV), 1, "crashed", ["died by signal 11"], ["defect of nctd"], ["the 1st"]),
            (.ended(status: 1), 1, "crashed", ["status 1"], ["defect of nctd"], []),
            (.garbled("no sidecar"), 1, "crashed", ["no sidecar"], ["defect of nctd"], []),
        ] as [(WorkerLoss, Int, String, [String], [String], [String])])
    func losses(
        loss: WorkerLoss, count: Int, code: String, message: [String], remedy: [String], absent: [String]
    ) {
        let failure = CaptureFailure(loss, count: count)
        #expect(failure.code == code)
        for word in message { #expect(failure.message.contains(word), "\(failure.message)") }
        for word in remedy { #expect(failure.remedy.contains(word), "\(failure.remedy)") }
        for word in absent { #expect(!(failure.message + failure.remedy).contains(word), "\(failure)") }
    }

    @Test("A daemon that is paused, or a tree that is not well, stands first in the status")
    func first() async throws {
        let space = try Workspace()
        let ledger = try Ledger.open(stateDirectory: space.path)
        let id = try await ledger.enterRoot(path: "/srv/a", lab: "lab-a", rules: "", now: SystemClock().now)
        try await ledger.setHealth(id, unhealthy: "it is not mounted")
        let report = try await StatusReport(
            ledger, stateDirectory: space.path, directories: [],
            waiting: PendingReason(
                .init(isRunning: true, pauses: [PauseRow(what: "the output", reason: "the disk is full", since: 0)])),
            clock: SystemClock())
        #expect(report.lines()[0].wholeMatch(of: #/PAUSED since 1970-\S+: the output: the disk is full/#) != nil)
        #expect(report.lines()[1] == "lab-a NOT WELL: /srv/a: it is not mounted")
        try await ledger.setPauses([PauseRow(what: "the output", reason: "the disk is full", since: 0)])
        let stopped = try await PendingReason.Surroundings(ledger, stateDirectory: space.path)
        #expect(stopped.pauses.isEmpty, "nothing is paused where nothing runs")
    }
}
