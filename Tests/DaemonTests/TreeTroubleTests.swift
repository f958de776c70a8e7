import Config
import Daemon
import Files
import Foundation
import GRDB
import Ledger
import TestSupport
import Testing
import Watching

/// What is a tree's, or the machine's, fails no capture.
@Suite(.timeLimit(.minutes(15))) struct TreeTroubleTests {
    @Test(
        "Whose fault an error is",
        arguments: [
            (
                Fault.tree,
                [
                    EACCES, EPERM, ENOTCONN, ETIMEDOUT, ESTALE, EIO, EDQUOT, EHOSTDOWN, ENODEV, ENOSPC, EROFS, ENOENT,
                    133,
                ]
            ),
            (.machine, [EMFILE, ENFILE, ENOMEM, ENOBUFS]),
            (.capture, [ENAMETOOLONG, EFBIG, EILSEQ, EINVAL, ELOOP, EISDIR, ENOTDIR, EEXIST, ENOTEMPTY, EOVERFLOW]),
        ])
    func faults(_ fault: Fault, _ codes: [Int32]) {
        for code in codes { #expect(Fault(code: code) == fault, "\(Errno(code: code))") }
    }

    @Test(
        "An error of a tree or of the machine is waited for, whatever it is: said once, and once when it is over",
        arguments: [EIO, EACCES, ESTALE, ETIMEDOUT, EMFILE, ENOMEM])
    func waited(_ code: Int32) async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock) { $0.retry.attempts = 2 }
        try bench.write("x.png")
        let trouble = SourceError.trouble(code: code, operation: "reading")
        bench.sources["lab-a"]?.troubles.withLock {
            $0.reads[CapturePath("x.png")!] = Array(repeating: trouble, count: 5)
        }
        try await bench.run {
            try await bench.announce("x.png")
            try await DaemonTests.advance(clock, until: bench, "done")
        }
        #expect(bench.events.count("failed") == 0)
        #expect(bench.events.count("paused") == 1 && bench.events.count("resumed") == 1)
        #expect(try await bench.row("x.png")?.attempts == 1)
    }

    @Test("Which errors may be one file's own: none of the machine's, nor what speaks of a whole tree")
    func whole() {
        for code in [ENOSPC, EDQUOT, EROFS, ENODEV, ENOTCONN, EHOSTDOWN, EMFILE, ENFILE, ENOMEM, ENOBUFS] {
            #expect(!Fault.canBeOneFiles(code: code), "\(Errno(code: code))")
        }
        for code in [EACCES, EPERM, ETIMEDOUT, ESTALE, EIO, ENOENT, 133] {
            #expect(Fault.canBeOneFiles(code: code), "\(Errno(code: code))")
        }
    }

    @Test("A ledger that cannot be written to costs no capture its attempt")
    func fullLedger() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock) { $0.retry.attempts = 1 }
        try bench.write("x.png")
        try await bench.run {
            var patient = Configuration()
            patient.busyMode = .timeout(60)
            let queue = try DatabaseQueue(path: bench.space("state/ledger.sqlite"), configuration: patient)
            try await queue.write {
                try $0.execute(
                    sql: "CREATE TRIGGER full BEFORE UPDATE OF output ON captures WHEN NEW.state = 'pending' "
                        + "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END")
            }
            try await bench.announce("x.png")
            try await DaemonTests.advance(clock, until: bench, "trouble")
            try await queue.write { try $0.execute(sql: "DROP TRIGGER full") }
            while bench.events.count("done") + bench.events.count("failed") == 0 {
                clock.advance(milliseconds: 100)
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        #expect(try await bench.row("x.png")?.attempts == 1)
        #expect(bench.events.count("failed") == 0 && bench.events.count("retrying") == 0)
    }

    @Test("What there is to do about an error of the output fits the error")
    func remedies() {
        for code in [ENOSPC, EDQUOT] { #expect(CaptureFailure.remedy(ofOutput: code).hasPrefix("make room")) }
        for code in [EACCES, EPERM] { #expect(CaptureFailure.remedy(ofOutput: code).contains("permissions")) }
        for code in [EIO, ESTALE, ETIMEDOUT, 133] {
            #expect(CaptureFailure.remedy(ofOutput: code).contains("disk or share"))
        }
        #expect(CaptureFailure.remedy(ofOutput: EROFS).contains("mounted for writing"))
        #expect(CaptureFailure.remedy(ofOutput: ENAMETOOLONG).contains("shorter name"))
    }

    @Test("What goes well at one place says nothing of an error at another")
    func apart() {
        var strikes = Strikes()
        let (root, output) = (Pauses.Place.root(1), Pauses.Place.tree(.output))
        #expect(strikes.charge(7, at: root) == (0, 1))
        strikes.succeeded(at: output)
        #expect(strikes.charge(7, at: output) == (0, 1))
        strikes.succeeded(at: output)
        #expect(strikes.charge(7, at: root) == (0, 2))
        #expect(strikes.charge(7, at: output) == (1, 2))
    }

    @Test("A capture that meets its tree's errors while others go well is to blame in the end")
    func blamed() {
        var strikes = Strikes()
        let place = Pauses.Place.root(1)
        #expect(strikes.charge(7, at: place) == (0, 1))
        #expect(strikes.charge(7, at: place) == (0, 2))
        strikes.succeeded(at: .tree(.output))
        #expect(strikes.charge(7, at: place) == (0, 3))
        for count in 1...3 {
            strikes.succeeded(at: place)
            #expect(strikes.charge(7, at: place).strikes == count)
        }
        strikes.acquit(7)
        #expect(strikes.charge(7, at: place) == (0, 1))
    }

    @Test("Waits at a place grow, and a look that shows it well opens it")
    func waits() {
        let clock = ManualClock()
        let events = Events()
        let pauses = Pauses(clock: clock, log: events.log) { "\($0)" }
        let place = Pauses.Place.tree(.output)
        func wait() -> Int64? {
            guard case .closed(let until) = pauses.verdict(on: [place]) else { return nil }
            return until - clock.now.milliseconds
        }
        for expected in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] as [Int64] {
            pauses.met("EIO", at: place)
            pauses.met("EIO of another that was in work", at: place)
            #expect(wait() == expected)
            clock.advance(milliseconds: expected)
            #expect(pauses.verdict(on: [place]) == .trying)
        }
        pauses.look(at: place, shows: "away")
        #expect(wait() == 1000)
        pauses.look(at: place, shows: nil)
        #expect(pauses.verdict(on: [place]) == .trying)
        pauses.succeeded(at: [place])
        #expect(pauses.verdict(on: [place, .machine]) == .open)
        #expect(events.count("paused") == 1 && events.count("resumed") == 1)
        // A trouble that nobody can try again ends by looks.
        pauses.met("EIO", at: place)
        pauses.look(at: place, shows: nil)
        #expect(pauses.verdict(on: [place]) != .open)
        clock.advance(milliseconds: 120_000)
        pauses.look(at: place, shows: nil)
        #expect(pauses.verdict(on: [place]) == .open)
    }

    @Test("A tree is known by its marker: what takes its place is not written to")
    func marker() throws {
        let space = try Workspace()
        try FileManager.default.createDirectory(atPath: space("state"), withIntermediateDirectories: true)
        let ledger = try Ledger.open(stateDirectory: space("state"))
        let trees = try WrittenTrees(ledger)
        func trouble() -> Int32? {
            do throws(TreeError) {
                _ = try trees.open(.output, at: space("out"))
                return nil
            } catch { return error.code }
        }
        #expect(trouble() == nil)
        #expect(trouble() == nil)
        try FileManager.default.moveItem(atPath: space("out"), toPath: space("away"))
        #expect(trouble() == ENODEV)
        try FileManager.default.createDirectory(atPath: space("out"), withIntermediateDirectories: true)
        #expect(trouble() == ENODEV)
        #expect(space.read("out/.nctd-tree") == nil)
        // Another start knows it as well.
        #expect(throws: TreeError.self) { try WrittenTrees(ledger).open(.output, at: space("out")) }
        _ = try WrittenTrees.initialize(.output, at: space("out"))
        #expect(trouble() == ENODEV, "another tree is there")
        try FileManager.default.removeItem(atPath: space("out"))
        try FileManager.default.moveItem(atPath: space("away"), toPath: space("out"))
        #expect(trouble() == nil)
        // What is somebody else's is not taken for a new tree.
        try space.write("x", to: "other/file.txt")
        #expect(throws: TreeError.self) { try trees.open(.quarantine, at: space("other")) }
    }

    @Test(
        "A tree of another daemon is refused, whichever it is, until a person says that it is this one's",
        arguments: [WrittenTree.output, .held, .removed, .quarantine])
    func anotherDaemons(_ tree: WrittenTree) throws {
        let space = try Workspace()
        for name in ["one", "two"] {
            try FileManager.default.createDirectory(atPath: space(name), withIntermediateDirectories: true)
        }
        func trees(_ name: String) throws -> WrittenTrees {
            try WrittenTrees(try Ledger.open(stateDirectory: space(name)), state: name)
        }
        func said() throws -> String? {
            let two = try trees("two")
            do throws(TreeError) {
                _ = try two.open(tree, at: space("tree"))
                return nil
            } catch { return error.isAway ? error.message : "\(error)" }
        }
        func marker() throws -> TreeMarker? { try TreeMarker.read(in: OpenTree(Array(space("tree").utf8))) }
        // An earlier version did not say whose it is; the daemon that knows the tree does.
        try FileManager.default.createDirectory(atPath: space("tree"), withIntermediateDirectories: true)
        _ = try WrittenTrees.initialize(tree, at: space("tree"))
        #expect(try marker()?.state == nil)
        let id = try marker()?.id
        _ = try trees("one").open(tree, at: space("tree"))
        #expect(try marker()?.state == "one" && marker()?.id == id)
        #expect(try said()?.contains("belongs to the daemon with the state directory one") == true)
        #expect(WrittenTrees.trouble(of: tree, at: space("tree"), known: nil, state: "two")?.isAway == true)
        #expect(WrittenTrees.trouble(of: tree, at: space("tree"), known: nil, state: "one") == nil)
        #expect(try marker()?.state == "one")
        _ = try WrittenTrees.initialize(tree, at: space("tree"), state: "two")
        #expect(try said() == nil && marker()?.state == "two" && marker()?.id == id)
    }

    @Test(
        "A new state directory is refused beside any tree that was made with another",
        arguments: [WrittenTree.output, .held, .removed, .quarantine])
    func newState(_ tree: WrittenTree) throws {
        let bench = try DaemonBench()
        let state = StateDirectory(configuration: bench.configuration)
        #expect(state.trouble() == nil)
        let directory = tree.directory(bench.configuration)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        _ = try WrittenTrees.initialize(tree, at: directory, state: "another")
        #expect(state.trouble()?.contains("\(directory) was made with the state directory another") == true)
    }

    @Test(
        "What a process that died left half written at the top of a tree goes with the next start, and nothing else does"
    )
    func leftHalfWritten() throws {
        let space = try Workspace()
        try FileManager.default.createDirectory(atPath: space("state"), withIntermediateDirectories: true)
        let ledger = try Ledger.open(stateDirectory: space("state"))
        for (tree, name) in [(WrittenTree.output, "out"), (.held, "held"), (.quarantine, "quarantine")] {
            _ = try WrittenTrees(ledger).open(tree, at: space(name))
            for file in [".nctd-5d35ecda35303e54a.tmp", ".hidden.tmp", "lab/.nctd-1.tmp"] {
                try space.write("", to: "\(name)/\(file)")
            }
            let next = try WrittenTrees(ledger)
            _ = try next.open(tree, at: space(name))
            #expect(space.files(in: name) == [".hidden.tmp", "lab/.nctd-1.tmp"])
            // Later it may be another's work.
            try space.write("", to: "\(name)/.nctd-2.tmp")
            _ = try next.open(tree, at: space(name))
            #expect(space.files(in: name).count == 3)
        }
    }

    @Test(
        "A tree is an earlier version's by its sidecars, also by those that nobody can read any more",
        arguments: [
            ("lab/a.png.json", "{", true), ("lab/a.tif.v2.json", "", true), ("lab/a.png.json", "{}", false),
            ("lab/notes.json", "{", false), ("lab/a.png", "x", false),
        ])
    func earlier(_ name: String, _ text: String, _ isOwn: Bool) throws {
        let space = try Workspace()
        try FileManager.default.createDirectory(atPath: space("state"), withIntermediateDirectories: true)
        let trees = try WrittenTrees(try Ledger.open(stateDirectory: space("state")))
        try space.write(text, to: "out/\(name)")
        #expect(((try? trees.open(.output, at: space("out"))) != nil) == isOwn)
    }

    @Test("A place that /etc/fstab mounts and that is not mounted is missed; what is mounted on demand is not")
    func fstab() throws {
        let space = try Workspace()
        try space.write(
            "# a comment\nserver:/a /nctd-test/share nfs defaults 0 0\nserver:/b /nctd-test/auto nfs noauto 0 0\n"
                + "proc /proc proc defaults 0 0\n", to: "fstab")
        func missing(_ path: String) -> String? { MountTable.missing(above: path, fstab: space("fstab")) }
        #expect(missing("/nctd-test/share/out") == "/nctd-test/share")
        #expect(missing("/nctd-test/share") == "/nctd-test/share")
        #expect(missing("/nctd-test/shared") == nil)
        #expect(missing("/nctd-test/auto/out") == nil)
        #expect(missing("/proc/self") == nil)
    }
}
