import Files
import Glibc
import TestSupport
import Testing
import Watching

@Suite struct MountEntryTests {
    /// What a service sees, and a share below what it may write to.
    private let table = Array(
        """
        20 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw
        30 20 254:1 /srv/normalized /srv/normalized rw shared:1 - ext4 /dev/vda1 rw
        31 30 254:1 /srv/normalized/deep /srv/normalized/deep rw - ext4 /dev/vda1 rw
        32 20 254:1 /data /srv/elsewhere rw - ext4 /dev/vda1 rw
        33 20 0:50 / /srv/share rw - nfs4 server:/export rw
        34 33 0:50 /lab-b /srv/share/lab-b rw - nfs4 server:/export rw
        35 33 0:50 /lab-c /srv/share/lab-b rw - nfs4 server:/export rw
        36 33 0:50 / /srv/share rw - nfs4 server:/export rw
        37 20 0:51 /srv/other /srv/other rw - ext4 /dev/vdb1 rw
        40 2 254:1 /machines/debian / rw - ext4 /dev/vda1 rw
        41 40 254:1 /machines/debian/srv/normalized /srv/normalized rw - ext4 /dev/vda1 rw
        42 40 254:1 /srv/normalized /srv/normalized rw - ext4 /dev/vda1 rw
        43 40 254:1 /machines/debianette /srv rw - ext4 /dev/vda1 rw

        """.utf8)

    @Test(
        "A mount that shows what would be there without it is none of its own",
        arguments: [
            ("20", "/"), ("30", "/"), ("31", "/"), ("32", "/srv/elsewhere"), ("33", "/srv/share"), ("34", "/srv/share"),
            ("35", "/srv/share/lab-b"), ("36", "/srv/share"), ("37", "/srv/other"), ("40", "/"), ("41", "/"),
            ("42", "/srv/normalized"), ("43", "/srv"),
        ])
    func repeated(id: String, point: String) throws {
        #expect(try #require(MountEntry(id: id, in: table)).point == point)
        #expect(MountEntry(id: "2", in: table) == nil && MountEntry(id: "3", in: table) == nil)
    }

    @Test("A directory that is mounted over itself, as systemd does, lies where it lay; another one over it does not")
    func bound() throws {
        let tree = try Tree()
        try tree.directory("other")
        func bind(_ source: String) throws -> Bool {
            guard geteuid() == 0 else { return false }
            return try Subprocess.run("/bin/mount", ["--bind", source, tree.root]).status == 0
        }
        func point() throws -> String? {
            let directory = try Descriptor(opening: tree.root.utf8, O_RDONLY | O_DIRECTORY)
            return withExtendedLifetime(directory) { MountTable.point(of: directory.number) }
        }
        let before = try #require(try point())
        guard try bind(tree.root) else {
            print("SKIPPED: a directory that is mounted over itself (needs root and mount)")
            return
        }
        defer { _ = try? Subprocess.run("/bin/umount", ["-l", tree.root]) }
        #expect(try point() == before)
        #expect(try bind(tree.root + "/other"))
        defer { _ = try? Subprocess.run("/bin/umount", ["-l", tree.root]) }
        #expect(try point() == tree.root)
    }
}
