import Config
import Foundation
import TestSupport
import Testing
import Watching

extension HubTests {
    /// Mounting needs root; elsewhere this is skipped, loudly.
    @Suite struct MountedRootTests {
        private func mount(_ path: String) throws -> Bool {
            guard geteuid() == 0 else { return false }
            return try Subprocess.run("/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "nctd-test", path]).status == 0
        }

        private func unmount(_ path: String) throws {
            let result = try Subprocess.run("/bin/umount", [path])
            #expect(result.status == 0, "\(result.error)")
        }

        @Test(
            "A share that is unmounted is unhealthy, not empty; mounted again it is scanned", arguments: [true, false])
        func remounting(byEvents: Bool) async throws {
            let tree = try Tree()
            guard try mount(tree.root) else {
                print("SKIPPED: a tmpfs that is unmounted and mounted again (needs root and mount)")
                return
            }
            defer { _ = try? Subprocess.run("/bin/umount", ["-l", tree.root]) }
            try tree.write("d/1.png")
            let recorder = Recorder()
            let settings = WatchSettings(
                path: tree.root, lab: "lab", profile: nil, mode: byEvents ? .inotify : .scan,
                scanInterval: .milliseconds(200))
            await recorder.start(makeWatcher(for: settings, hub: .shared))
            #expect(await recorder.waitForScans(1))
            await recorder.forget()

            try unmount(tree.root)
            try tree.write("below.png")
            #expect(await recorder.wait { if case .unhealthy = $0.events.last { true } else { false } })
            #expect(await recorder.found.isEmpty)
            await recorder.forget()

            #expect(try mount(tree.root))
            try tree.write("e/2.png")
            #expect(await recorder.waitForScans(1))
            #expect(await recorder.events.first == .healthy)
            try tree.write("e/3.png")
            #expect(await recorder.waitForFiles(["e/2.png", "e/3.png"]))
            #expect(await recorder.found[path("below.png")] == nil)
            #expect(await recorder.stop() < .seconds(20))
            try unmount(tree.root)
            try tree.remove("below.png")
        }
    }
}
