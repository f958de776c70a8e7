import Foundation
import Ledger
import TestSupport
import Testing
import Watching

@Suite struct LedgerOpeningTests {
    @Test("A second daemon is refused with the first one's process id, a third is let in after the first ended")
    func lock() throws {
        let space = try Workspace()
        var first: LedgerLock? = try LedgerLock(stateDirectory: space.path)
        #expect(LedgerLock.holder(stateDirectory: space.path) == Int(getpid()))
        do {
            _ = try LedgerLock(stateDirectory: space.path)
            Issue.record("the second lock was given")
        } catch let error as LedgerError {
            #expect(error.code == .locked)
            #expect(error.message.contains("process \(getpid())"))
        }
        withExtendedLifetime(first) {}
        first = nil
        #expect(LedgerLock.holder(stateDirectory: space.path) == nil)
        _ = try LedgerLock(stateDirectory: space.path)
    }

    @Test("A state directory that is not there is made, and one that cannot be made is an error with its name")
    func directory() throws {
        let space = try Workspace()
        withExtendedLifetime(try LedgerLock(stateDirectory: space.path + "/var/lib/nctd")) {
            #expect(LedgerLock.holder(stateDirectory: space.path + "/var/lib/nctd") == Int(getpid()))
        }
        try space.write("a file", to: "taken")
        #expect {
            _ = try LedgerLock(stateDirectory: space.path + "/taken/state")
        } throws: {
            ($0 as? LedgerError)?.code == .unusable && "\($0)".contains("/taken/state")
        }
    }

    @Test("A command finds no ledger where none was made, and does not make one")
    func missing() throws {
        let space = try Workspace()
        #expect {
            try Ledger.open(forCommandIn: space.path)
        } throws: {
            ($0 as? LedgerError)?.code == .missing
        }
        #expect(space.files() == [])
    }

    @Test("A command that meets a ledger while it is made says so, and blames no version")
    func beingMade() throws {
        let space = try Workspace()
        try space.write("", to: Ledger.fileName)
        #expect {
            try Ledger.open(forCommandIn: space.path)
        } throws: {
            ($0 as? LedgerError)?.code == .missing && "\($0)".contains("holds nothing yet")
        }
    }

    @Test("Who may only read the ledger can ask it, and is told whose account puts captures back to work")
    func readOnly() async throws {
        let bench = try await LedgerBench()
        for place in ["ledger.sqlite", nil] {
            let refused = bench.space.path + (place.map { "/" + $0 } ?? "")
            #expect {
                _ = try Ledger.open(forCommandIn: bench.space.path, writing: true, isWritable: { $0 != refused })
            } throws: {
                ($0 as? LedgerError)?.code == .unusable && "\($0)".contains("sudo -u nctd")
            }
        }
        _ = try Ledger.open(forCommandIn: bench.space.path, isWritable: { _ in false })
    }

    @Test("A command reads beside the daemon's open connections")
    func reader() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...3)
        let reader = try Ledger.open(forCommandIn: bench.space.path)
        #expect(try await reader.summaries(now: LedgerBench.at(0)).first?.counts.pending == 3)
        try await bench.see(4...5)
        #expect(try await reader.summaries(now: LedgerBench.at(0)).first?.counts.pending == 5)
    }

    @Test(
        "A file that is no sound ledger is told apart and can be set aside",
        arguments: ["text", "zeros in the middle", "cut", "a database of something else"])
    func damaged(kind: String) async throws {
        let space = try Workspace()
        if kind == "text" {
            try space.write("this is no database, but long enough to look at it more closely", to: Ledger.fileName)
        } else {
            let ledger = try Ledger.open(stateDirectory: space.path)
            let root = try await ledger.enterRoot(path: "/r", lab: "l", rules: "", now: LedgerBench.at(0))
            _ = try await ledger.record(
                (1...2000).map { .init(LedgerBench.sighting($0)) }, root: root, settle: .zero, now: LedgerBench.at(0))
            try ledger.close()
            var bytes = [UInt8](try #require(space.read(Ledger.fileName)))
            switch kind {
            case "cut": bytes.removeLast(bytes.count / 2)
            case "a database of something else":
                bytes.replaceSubrange(100..<4096, with: repeatElement(0x41, count: 3996))
            default: bytes.replaceSubrange(8192..<40960, with: repeatElement(0, count: 32768))
            }
            try space.write(bytes, to: Ledger.fileName)
        }
        #expect {
            _ = try Ledger.open(stateDirectory: space.path)
        } throws: {
            ($0 as? LedgerError)?.code == .damaged
        }
        let aside = try Ledger.setAside(stateDirectory: space.path, date: Date(timeIntervalSince1970: 1_700_000_000))
        #expect(aside.hasSuffix("/ledger.sqlite.damaged-20231114T221320Z"))
        #expect(FileManager.default.fileExists(atPath: aside))
        let fresh = try Ledger.open(stateDirectory: space.path)
        #expect(try await fresh.roots() == [])
    }

    @Test("What a sidecar tells is entered once")
    func rebuild() async throws {
        let bench = try await LedgerBench()
        for _ in 1...2 {
            try await bench.ledger.rebuild(
                root: bench.root, path: LedgerBench.path(1), stamp: LedgerBench.stamp(1),
                result: LedgerBench.result(1, identity: "one"), rule: "r", reserved: Array("lab-b/slide/1.png".utf8),
                now: LedgerBench.at(0))
        }
        let row = try #require(try await bench.row(1))
        #expect(row.state == .done)
        #expect(try await bench.ledger.results(of: row.id).count == 1)
        let recorded = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1))], root: bench.root, settle: .zero, now: LedgerBench.at(0))
        #expect(recorded == Ledger.Recorded(), "the scan knows it by its stamp")
    }

    @Test("100,000 pending captures: entered in batches, next in line at once, counted fast")
    func backlog() async throws {
        let bench = try await LedgerBench()
        let clock = ContinuousClock()
        let entering = try await clock.measure {
            for start in stride(from: 0, to: 100_000, by: WatchEvent.batchLimit) {
                try await bench.see(start..<min(start + WatchEvent.batchLimit, 100_000))
            }
        }
        let scanning = try await clock.measure {
            for start in stride(from: 0, to: 100_000, by: WatchEvent.batchLimit) {
                try await bench.see(start..<min(start + WatchEvent.batchLimit, 100_000))
            }
        }
        let next = try await clock.measure {
            for _ in 1...100 {
                let next = try await bench.ledger.oldestDue(roots: [bench.root], now: LedgerBench.at(1))
                let row = try #require(next)
                _ = try await bench.ledger.claim(row.id, outputs: [Array("\(row.id)".utf8)])
            }
        }
        var counts = StateCounts()
        let counting = try await clock.measure { counts = try await bench.counts() }
        #expect(counts.pending == 100_000)
        print(
            "100,000 captures: entered in \(entering), known again in \(scanning), 100 claims \(next), counts \(counting)"
        )
        // Loose bounds, for other tests run beside it: what grew with the backlog's square would take minutes.
        #expect(next < .seconds(60))
        #expect(counting < .seconds(30))
    }

    @Test("What is under way while the ledger closes ends well or is refused, and what begins later is refused")
    func closing() async throws {
        for _ in 1...20 {
            let bench = try await LedgerBench()
            try await bench.see(1...200)
            let refusals = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...100 {
                    group.addTask {
                        do {
                            #expect(try await bench.counts().pending == 200)
                            return false
                        } catch {
                            #expect(LedgerError(explaining: error)?.message.contains("closed") == true, "\(error)")
                            return true
                        }
                    }
                    if number == 50 { try bench.ledger.close() }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refusals >= 50)
            await #expect(throws: (any Error).self) { try await bench.ledger.set(.memory, "1") }
            let again = try Ledger.open(stateDirectory: bench.space.path)
            #expect(try await again.summaries(now: LedgerBench.at(0)).count == 1)
        }
    }
}
