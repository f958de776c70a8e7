import Foundation
import GRDB
import Ledger
import TestSupport
import Testing

@Suite struct LedgerTroubleTests {
    @Test("A full disk and another's lock pass; a file that is no sound ledger does not")
    func kinds() {
        let kinds: [(ResultCode, LedgerTrouble)] = [
            (.SQLITE_BUSY, .passing), (.SQLITE_FULL, .passing), (.SQLITE_IOERR, .passing), (.SQLITE_READONLY, .passing),
            (.SQLITE_CORRUPT, .damaged), (.SQLITE_NOTADB, .damaged), (.SQLITE_ERROR, .damaged),
            (.SQLITE_PROTOCOL, .lasting), (.SQLITE_READONLY_DBMOVED, .lasting),
            (.SQLITE_IOERR_SHORT_READ, .lasting),
        ]
        for (code, trouble) in kinds { #expect(LedgerTrouble(DatabaseError(resultCode: code)) == trouble, "\(code)") }
        #expect(LedgerTrouble(CancellationError()) == .passing)
        #expect(LedgerTrouble(LedgerError(.damaged, "a row is none", path: "p", remedy: "rebuild")) == .damaged)
        #expect(LedgerTrouble.isFullDisk(DatabaseError(resultCode: .SQLITE_FULL)))
        #expect(!LedgerTrouble.isFullDisk(DatabaseError(resultCode: .SQLITE_IOERR)))
    }

    @Test("A condemned ledger is known as such until it is set aside")
    func condemned() throws {
        let space = try Workspace()
        try Ledger.open(stateDirectory: space.path).close()
        #expect(Ledger.condemnation(stateDirectory: space.path) == nil)
        Ledger.condemn(stateDirectory: space.path, reason: "a row is none")
        #expect(Ledger.condemnation(stateDirectory: space.path) == "a row is none")
        _ = try Ledger.setAside(stateDirectory: space.path, date: Date(timeIntervalSince1970: 0))
        #expect(Ledger.condemnation(stateDirectory: space.path) == nil)
    }

    @Test("A ledger of an earlier version counts as rebuilt, a new one not until it is said")
    func rebuilt() async throws {
        let space = try Workspace()
        let fresh = try Ledger.open(stateDirectory: space.path)
        #expect(try await !fresh.isRebuilt())
        _ = try await fresh.enterRoot(path: "/r", lab: "l", rules: "", now: LedgerBench.at(0))
        // As version 0.7 left it.
        try fresh.close()
        let queue = try DatabaseQueue(path: space(Ledger.fileName))
        try await queue.write { try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier LIKE '2 %'") }
        try queue.close()
        let old = try Ledger.open(stateDirectory: space.path)
        #expect(try await old.isRebuilt())
        let other = try Workspace()
        let new = try Ledger.open(stateDirectory: other.path)
        try await new.setRebuilt()
        #expect(try await new.isRebuilt())
    }

    @Test("A reader's lock on the lock file stops no start and is taken for no daemon")
    func readersLock() throws {
        let space = try Workspace()
        try space.write("", to: LedgerLock.fileName)
        let reader = open(space(LedgerLock.fileName), O_RDONLY)
        defer { close(reader) }
        #expect(flock(reader, LOCK_SH) == 0)
        #expect(LedgerLock.holder(stateDirectory: space.path) == nil)
        let lock = try LedgerLock(stateDirectory: space.path)
        withExtendedLifetime(lock) { #expect(LedgerLock.holder(stateDirectory: space.path) == Int(getpid())) }
    }

    @Test(
        "Where a daemon runs, a ledger that is not there is said to be lost by it; where none does, not to be made yet")
    func missing() throws {
        let space = try Workspace()
        func refusal() -> LedgerError? {
            do {
                _ = try Ledger.open(forCommandIn: space.path)
                return nil
            } catch {
                return error as? LedgerError
            }
        }
        let none = try #require(refusal())
        #expect(none.code == .missing && none.remedy.contains("the first `nctd run`"))
        let lock = try LedgerLock(stateDirectory: space.path)
        try withExtendedLifetime(lock) {
            let lost = try #require(refusal())
            #expect(lost.code == .missing && lost.message.contains("process \(getpid())"), "\(lost)")
            #expect(lost.remedy.contains("restart nctd") && lost.path == space(Ledger.fileName))
        }
    }

    @Test("Captures that were in work at several deaths wait longer each time, the others not")
    func backoff() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...2)
        let row = try #require(try await bench.row(1))
        var waits: [Int64] = []
        for _ in 1...8 {
            _ = try #require(try await bench.ledger.claim(row.id))
            _ = try await bench.ledger.takeOver(boot: "b", now: LedgerBench.at(100))
            waits.append(try #require(try await bench.row(1)).dueMilliseconds - LedgerBench.at(100).milliseconds)
        }
        #expect(waits == [0, 4000, 16_000, 60_000, 60_000, 60_000, 60_000, 60_000])
        #expect(try await bench.row(1)?.crashes == 8)
        #expect(try await bench.row(2)?.crashes == 0)
    }

    @Test("The workers that a content cost are counted apart from deaths, until it is done or another one")
    func workers() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...1)
        for count in 1...2 {
            try await bench.end(1, .retry(LedgerBench.failure, due: 0, costsWorker: count == 1))
            let after = try #require(try await bench.row(1))
            #expect(after.workers == 1 && after.attempts == count && after.crashes == 0)
        }
        try await bench.end(1, .failed(LedgerBench.failure, digest: nil, rule: nil))
        #expect(try await bench.row(1)?.workers == 1)
        #expect(try await bench.ledger.retry(lab: nil, now: LedgerBench.at(2)) == 1)
        #expect(try await bench.row(1)?.workers == 0)
    }

    @Test("A claim that version 0.9 left while it tried a capture in another process is taken over")
    func probing() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...1)
        let row = try #require(try await bench.claim(1))
        try await DatabaseQueue(path: bench.space(Ledger.fileName)).write {
            try $0.execute(sql: "UPDATE captures SET in_progress = 2 WHERE id = ?", arguments: [row.id])
        }
        #expect(try await bench.ledger.takeOver(boot: "b", now: LedgerBench.at(100)) == 1)
        #expect(try await bench.row(1)?.inProgress == false)
    }

    @Test("A stop gives back all at once, as if they had not been taken")
    func givenBack() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...3)
        var rows: [CaptureRow] = []
        for number in 1...3 { rows.append(try #require(try await bench.claim(number))) }
        try await bench.ledger.giveBack(rows.map { (id: $0.id, stamp: $0.stamp) }, now: LedgerBench.at(9))
        for number in 1...3 {
            let row = try #require(try await bench.row(number))
            #expect(!row.inProgress && row.attempts == 0 && row.state == .pending)
        }
    }
}
