import Config
import Foundation
import Testing
import Watching

@Suite struct RootHealthTests {
    private func health(_ tree: Tree, sentinel: String? = nil, remembered: RootIdentity? = nil) -> RootHealth {
        RootHealth(
            settings: WatchSettings(path: tree.root, lab: "lab", profile: nil, sentinel: sentinel),
            remembered: remembered)
    }

    private func isUnhealthy(_ verdict: RootHealth.Verdict, _ words: String) -> Bool {
        if case .unhealthy(let reason) = verdict { return reason.contains(words) }
        return false
    }

    @Test("A root is the same until it is gone, and renewed when it is back")
    func life() throws {
        let tree = try Tree()
        var health = health(tree)
        #expect(health.check() == .renewed && health.check() == .same)
        let first = try #require(health.identity)
        #expect(first.mountPoint?.hasPrefix("/") == true)
        try FileManager.default.moveItem(atPath: tree.root, toPath: tree.outside("moved"))
        #expect(isUnhealthy(health.check(), "No such file"))
        try FileManager.default.createDirectory(atPath: tree.root, withIntermediateDirectories: false)
        #expect(health.check() == .renewed && health.check() == .same)
        #expect(health.identity != first && health.identity?.mountPoint == first.mountPoint)
        var restarted = self.health(tree, remembered: health.identity)
        #expect(restarted.check() == .same)
    }

    @Test("A root without its sentinel is unhealthy")
    func sentinel() throws {
        let tree = try Tree()
        var health = health(tree, sentinel: "info/.mounted")
        #expect(isUnhealthy(health.check(), "sentinel info/.mounted"))
        try tree.write("info/.mounted")
        #expect(health.check() == .renewed)
        try tree.remove("info/.mounted")
        #expect(isUnhealthy(health.check(), "sentinel"))
    }

    @Test("What lies below an unmounted share is not the share")
    func unmounted() throws {
        let tree = try Tree()
        let before = RootIdentity(device: 1, inode: 1, mountPoint: tree.root)
        var health = health(tree, remembered: before)
        #expect(isUnhealthy(health.check(), "was on its own mount"))
        #expect(health.identity?.device == 1 && health.identity?.mountPoint == before.mountPoint)
        try tree.write("here")
        var vouched = self.health(tree, sentinel: "here", remembered: before)
        #expect(vouched.check() == .renewed)
    }

    @Test("A root that is a file is unhealthy")
    func file() throws {
        let tree = try Tree()
        try tree.remove("")
        try Data().write(to: URL(fileURLWithPath: tree.root))
        var health = health(tree)
        #expect(isUnhealthy(health.check(), "Not a directory"))
    }

    @Test("File systems that others write to are scanned, unless asked otherwise")
    func kinds() throws {
        #expect(FileSystemKind(name: "nfs4").reach == .network)
        #expect(FileSystemKind(name: "fuse.sshfs").reach == .fuse)
        #expect(FileSystemKind(name: "cifs").mode(asked: .auto) == .scan)
        #expect(FileSystemKind(name: "cifs").mode(asked: .inotify) == .inotify)
        #expect(FileSystemKind(name: "ext4").mode(asked: .auto) == .inotify)
        #expect(FileSystemKind(name: "ext4").mode(asked: .scan) == .scan)
        #expect(try FileSystemKind(path: "/proc").name == "proc")
    }
}
