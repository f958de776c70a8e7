import Daemon
import Foundation
import Jobs
import NCTEngine
import TestSupport
import Testing

@Suite struct LearningPolicyTests {
    @Test("Learning is due after so many captures, and never where it is turned off")
    func due() {
        let policy = LearningPolicy(learnAfter: 30)
        #expect(!policy.isDue(captures: 29, isLost: false, deaths: 0))
        #expect(policy.isDue(captures: 30, isLost: false, deaths: 0))
        #expect(!LearningPolicy(learnAfter: 0).isDue(captures: 1000, isLost: true, deaths: 1))
    }

    @Test("What is lost is learned at the next capture")
    func lost() {
        #expect(LearningPolicy(learnAfter: 30).isDue(captures: 1, isLost: true, deaths: 0))
        #expect(!LearningPolicy(learnAfter: 30).isDue(captures: 0, isLost: true, deaths: 0))
    }

    @Test("A learning that ended the process is begun again twice, then it waits its turn")
    func deaths() {
        let policy = LearningPolicy(learnAfter: 30)
        #expect(policy.isDue(captures: 1, isLost: false, deaths: 1))
        #expect(policy.isDue(captures: 1, isLost: false, deaths: 2))
        #expect(!policy.isDue(captures: 29, isLost: false, deaths: 3))
        #expect(policy.isDue(captures: 30, isLost: false, deaths: 3))
    }

    @Test("Half of what it is due after must be there, of at most a hundred")
    func fewest() {
        #expect([1, 2, 30, 100, 5000].map { LearningPolicy(learnAfter: $0).fewest } == [1, 1, 15, 50, 50])
    }

    @Test("The first palette is taken, one of the same colors leaves it in force, one of others takes its place")
    func decision() {
        var known = LabPalette.general
        known.background.count = 50
        var moved = known
        moved.background.mean.x += 10
        #expect(LearningPolicy.decision(known: nil, learned: known) == .first)
        guard case .kept(let largest) = LearningPolicy.decision(known: known, learned: known) else {
            Issue.record("the same colors replaced themselves")
            return
        }
        #expect(largest?.distance == 0)
        guard case .replaced(let drift) = LearningPolicy.decision(known: known, learned: moved) else {
            Issue.record("other colors did not take the place")
            return
        }
        #expect(drift.part == "background")
    }

    // MARK: Its files

    @Test("Any two names of a lab and a profile have a folder of their own, in the state directory")
    func names() throws {
        let names = [("a", "b-c"), ("a-b", "c"), ("../..", "x"), ("slide/1", ""), ("\0\n", "é"), ("A", "b-c")]
        let paths = names.map { LearningFolder(stateDirectory: "/state", lab: $0.0, profile: $0.1).path }
        #expect(Set(paths).count == names.count)
        for path in paths {
            #expect(path.hasPrefix("/state/learned/"))
            let name = path.dropFirst("/state/learned/".count)
            #expect(!name.contains("/") && !name.contains(".") && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
        #expect(
            LearningFolder(stateDirectory: "/s", lab: String(repeating: "x", count: 5000), profile: "p").path.utf8.count
                < 255)
    }

    @Test("What is written is read again; a damaged or missing palette and a damaged record are told by their paths")
    func files() throws {
        let space = try Workspace()
        let folder = LearningFolder(stateDirectory: space.path, lab: "lab b", profile: "p")
        #expect(folder.read().damage == nil)
        let palette = try folder.write(LabPalette.general)
        var record = LearningRecord(lab: "lab b", profile: "p")
        record.palette = .init(sha256: palette.sha256, images: 3, whiteCells: 4, learnedAt: "now")
        try folder.write(record)
        #expect(folder.read().record == record)
        #expect(folder.read().colors == LearnedColors(palette: palette))
        #expect(LearningFolder.records(stateDirectory: space.path).map { $0.record } == [record])

        try Data("{}".utf8).write(to: URL(fileURLWithPath: palette.path))
        #expect(folder.read().colors.isEmpty)
        #expect(folder.read().damage?.path == palette.path)
        // A sound palette that is another one is none of ours.
        var other = LabPalette.general
        other.background.mean.x += 1
        try Data(try other.encoded()).write(to: URL(fileURLWithPath: palette.path))
        #expect(folder.read().damage?.path == palette.path)
        try FileManager.default.removeItem(atPath: palette.path)
        #expect(folder.read().damage?.path == palette.path)
        #expect(folder.read().record == record)
        let name = folder.path + "/learned.json"
        for text in ["", "{}", "[1", #"{"version": 99, "lab": "lab b", "profile": "p"}"#] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: name))
            #expect(folder.read().damage?.path == name)
            #expect(LearningFolder.records(stateDirectory: space.path).isEmpty)
        }
        // A record that is gone and leaves what it named is lost; a folder that is gone was somebody's wish.
        try FileManager.default.removeItem(atPath: name)
        _ = try folder.write(LabPalette.general)
        #expect(folder.read().damage?.path == name)
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(folder.read().damage == nil)
    }

    @Test("A change to any of the files is seen, and one from before they were read is none")
    func unchanged() throws {
        let space = try Workspace()
        let folder = LearningFolder(stateDirectory: space.path, lab: "l", profile: "p")
        let palette = try folder.write(LabPalette.general)
        var record = LearningRecord(lab: "l", profile: "p")
        #expect(folder.isUnchanged(since: folder.read()))
        for path in [folder.path + "/learned.json", palette.path] {
            record.palette = .init(sha256: palette.sha256, images: 1, whiteCells: 1, learnedAt: "now")
            _ = try folder.write(LabPalette.general)
            try folder.write(record)
            let whole = folder.read()
            #expect(whole.damage == nil && folder.isUnchanged(since: whole))
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try FileManager.default.removeItem(atPath: path)
            #expect(!folder.isUnchanged(since: whole))
            let less = folder.read()
            #expect(less.damage?.path == path && folder.isUnchanged(since: less))
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(!folder.isUnchanged(since: less) && !folder.isUnchanged(since: whole))
        }
    }

    @Test("Palettes that no record names are removed, and what was half written")
    func pruning() throws {
        let space = try Workspace()
        let folder = LearningFolder(stateDirectory: space.path, lab: "l", profile: "p")
        let palettes = try (0..<4).map { number in
            var palette = LabPalette.general
            palette.background.mean.x -= Float(number)
            return try folder.write(palette)
        }
        var record = LearningRecord(lab: "l", profile: "p")
        record.palette = .init(sha256: palettes[3].sha256, images: 1, whiteCells: 1, learnedAt: "now")
        record.earlier = [.init(palette: palettes[1].sha256)]
        try folder.write(record)
        try Data().write(to: URL(fileURLWithPath: folder.path + "/.nctd-1.tmp"))
        folder.prune(record)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let expected = [palettes[1], palettes[3]].map { ($0.path as NSString).lastPathComponent } + ["learned.json"]
        #expect(left == expected.sorted())
    }
}
