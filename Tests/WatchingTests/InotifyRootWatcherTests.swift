import Config
import Foundation
import Testing
import Watching

extension HubTests {
    @Suite struct InotifyRootWatcherTests {
        private func start(
            _ tree: Tree, mode: WatchSettings.Mode = .inotify, reconcile: Duration = .seconds(3600),
            scan: Duration = .seconds(3600), recursive: Bool = true
        ) async -> Recorder {
            let recorder = Recorder()
            let settings = WatchSettings(
                path: tree.root, lab: "lab", profile: nil, recursive: recursive, mode: mode, scanInterval: scan,
                reconcileInterval: reconcile)
            await recorder.start(makeWatcher(for: settings, hub: .shared))
            #expect(await recorder.waitForScans(1))
            return recorder
        }

        private func end(_ recorder: Recorder) async {
            let time = await recorder.stop()
            // No measure of speed, which other tests take their share of: that it ends, and not by a timeout of its own.
            #expect(time < .seconds(20), "the watcher took \(time) to end")
        }

        @Test("What was there is found by the first scan, what comes later by events")
        func basics() async throws {
            let tree = try Tree()
            try tree.write("old/a.png")
            let recorder = await start(tree)
            let none = UnreadablePlaces(count: 0, first: [])
            #expect(
                await recorder.events == [.healthy, .found(recorder.sightings), .unread(none), .scanned(files: 1)])
            try tree.write("b.png", [1, 2])
            try tree.write("old/c.png")
            #expect(await recorder.waitForFiles(["b.png", "old/c.png"]))
            #expect(await recorder.wait { $0.found[path("b.png")]?.size == 2 })
            #expect(await recorder.scans == 1)
            await end(recorder)
        }

        @Test("Renames into the tree, hard links and directories moved in are found")
        func arrivals() async throws {
            let tree = try Tree()
            try tree.write("x/here.png")
            for name in ["r.png", "h.png", "d/e/f.png"] {
                let file = URL(fileURLWithPath: tree.outside(name))
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data([1]).write(to: file)
            }
            let recorder = await start(tree)
            try FileManager.default.moveItem(atPath: tree.outside("r.png"), toPath: tree.root + "/x/renamed.png")
            try tree.hardLink(tree.outside("h.png"), "x/linked.png")
            try FileManager.default.moveItem(atPath: tree.outside("d"), toPath: tree.root + "/moved")
            #expect(await recorder.waitForFiles(["x/renamed.png", "x/linked.png", "moved/e/f.png"]))
            try tree.write("moved/e/later.png")
            #expect(await recorder.waitForFiles(["moved/e/later.png"]))
            await end(recorder)
        }

        @Test("Nested directories that appear in bursts lose nothing")
        func bursts() async throws {
            let tree = try Tree()
            let recorder = await start(tree)
            var names: [String] = []
            for burst in 0..<20 {
                for leaf in 0..<10 {
                    let name = "day\(burst)/slide\(leaf)/deep/er/\(burst)-\(leaf).png"
                    try tree.write(name)
                    names.append(name)
                }
            }
            #expect(await recorder.waitForFiles(names))
            #expect(await recorder.scans == 1)
            await end(recorder)
        }

        @Test("A directory renamed under the watch goes on under its new name, one moved out is forgotten")
        func renamedDirectories() async throws {
            let tree = try Tree()
            try tree.write("a/b/1.png")
            try tree.write("out/2.png")
            let recorder = await start(tree)
            try tree.rename("a", "z")
            #expect(await recorder.waitForFiles(["z/b/1.png"]))
            try tree.write("z/b/3.png")
            #expect(await recorder.waitForFiles(["z/b/3.png"]))
            try tree.directory("a/b")
            try tree.write("a/b/4.png")
            #expect(await recorder.waitForFiles(["a/b/4.png"]))
            try tree.rename("z/b", "a/b2")
            try tree.write("a/b2/5.png")
            #expect(await recorder.waitForFiles(["a/b2/5.png", "a/b2/1.png"]))
            try FileManager.default.moveItem(atPath: tree.root + "/out", toPath: tree.outside("gone"))
            try Data([1]).write(to: URL(fileURLWithPath: tree.outside("gone/6.png")))
            try tree.write("mark.png")
            #expect(await recorder.waitForFiles(["mark.png"]))
            #expect(await recorder.found.keys.allSatisfy { $0.name != path("6.png").name })
            await end(recorder)
        }

        @Test("A directory that is removed and made anew again and again is watched each time")
        func recreated() async throws {
            let tree = try Tree()
            let recorder = await start(tree)
            for round in 0..<30 {
                try tree.write("d/\(round).png")
                #expect(await recorder.waitForFiles(["d/\(round).png"]))
                try tree.remove("d")
            }
            await end(recorder)
        }

        @Test("Names that are no UTF-8 or have line ends come through events as they are")
        func names() async throws {
            let tree = try Tree()
            let recorder = await start(tree)
            let names: [[UInt8]] = [Array("a\n\tb.png".utf8), [0xFF, 0xFE] + Array(".png".utf8), Array("ü .png".utf8)]
            for name in names { try tree.write(name) }
            let wanted = names.compactMap { CapturePath(bytes: $0) }
            #expect(await recorder.wait { recorder in wanted.allSatisfy { recorder.found[$0] != nil } })
            await end(recorder)
        }

        @Test("FIFOs and devices that appear are not reported; links are, as links, and are not followed")
        func others() async throws {
            let tree = try Tree()
            let recorder = await start(tree)
            try tree.link("/etc", "etc")
            try tree.link(".", "loop")
            try tree.link("/etc/hostname", "hostname.png")
            try tree.fifo("fifo.png")
            if mknod(tree.root + "/device.png", S_IFCHR | 0o666, 0x103) != 0 {
                print("SKIPPED: a device that appears (needs root)")
            }
            try tree.write("real.png")
            #expect(await recorder.waitForFiles(["real.png"]))
            #expect(await Array(recorder.found.keys) == [path("real.png")])
            let links = await recorder.links
            #expect(Set(links.keys) == [path("etc"), path("loop"), path("hostname.png")])
            #expect(links.values.allSatisfy { $0 == .notFollowed })
            await end(recorder)
        }

        @Test("Files written while the watches are being set are all found")
        func race() async throws {
            let tree = try Tree()
            for directory in 0..<200 { try tree.directory("d\(directory)/x") }
            let recorder = Recorder()
            let settings = WatchSettings(path: tree.root, lab: "lab", profile: nil, mode: .inotify)
            let writer = Task.detached {
                for file in 0..<2000 { try tree.write(Array("d\(file % 200)/x/\(file).png".utf8)) }
            }
            await recorder.start(makeWatcher(for: settings, hub: .shared))
            try await writer.value
            #expect(await recorder.waitForFiles((0..<2000).map { "d\($0 % 200)/x/\($0).png" }))
            await end(recorder)
        }

        @Test("20,000 files while nobody reads overflow the queue, and all are found")
        func overflow() async throws {
            let tree = try Tree()
            let limit = try #require(InotifyLimits.current.queuedEvents)
            let number = max(20_000, limit / 2 + 5000)
            try tree.directory("sub")
            let recorder = await start(tree)
            InotifyHub.shared.setReading(false)
            for file in 0..<number { try tree.write(Array((file % 2 == 0 ? "sub/\(file).png" : "\(file).png").utf8)) }
            try tree.write("new/last.png")
            InotifyHub.shared.setReading(true)
            #expect(await recorder.wait(seconds: 120) { $0.events.contains(.overflow) && $0.scans >= 2 })
            #expect(await recorder.found.count == number + 1)
            // Events are back as well, in the new directory too.
            try tree.write("new/after.png")
            #expect(await recorder.waitForFiles(["new/after.png"]))
            await end(recorder)
        }

        @Test("A receiver that does not take events makes nothing grow, and gets everything in the end")
        func slowReceiver() async throws {
            let tree = try Tree()
            let recorder = await start(tree)
            await recorder.hold()
            for file in 0..<12_000 { try tree.write(Array("\(file).png".utf8)) }
            await recorder.release()
            #expect(await recorder.waitForFiles((0..<12_000).map { "\($0).png" }, seconds: 120))
            await end(recorder)
        }

        @Test("With the watcher silenced, the reconciling scan finds everything")
        func silenced() async throws {
            let tree = try Tree()
            InotifyHub.shared.setReading(false)
            defer { InotifyHub.shared.setReading(true) }
            let recorder = await start(tree, reconcile: .milliseconds(300))
            try tree.write("x/1.png")
            try tree.write("2.png")
            #expect(await recorder.waitForFiles(["x/1.png", "2.png"]))
            await end(recorder)
        }

        @Test("Beyond the limit of watches the root is scanned, and the reason names the setting to raise")
        func watchLimit() async throws {
            let tree = try Tree()
            for directory in 0..<5 { try tree.write("d\(directory)/1.png") }
            InotifyHub.shared.setWatchLimit(3)
            defer { InotifyHub.shared.setWatchLimit(nil) }
            let recorder = await start(tree, scan: .milliseconds(200))
            let reasons = await recorder.events.compactMap {
                if case .fellBackToScanning(let reason) = $0 { reason } else { nil }
            }
            #expect(reasons.count == 1 && reasons.allSatisfy { $0.contains("fs.inotify.max_user_watches") })
            #expect(InotifyHub.shared.watchCount == 0)
            try tree.write("d4/2.png")
            #expect(await recorder.waitForFiles(["d4/2.png", "d0/1.png"]))
            await end(recorder)
        }

        @Test("Events come also where the process has more than a thousand files open")
        func manyDescriptors() async throws {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard limit.rlim_cur > 4096 else { return print("SKIPPED: files open by the thousand (ulimit -n 8192)") }
            await end(start(try Tree()))
            let open = (0..<1100).map { _ in Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
            defer { open.forEach { close($0) } }
            #expect(open.allSatisfy { $0 >= 0 } && open.contains { $0 > 1024 })
            let tree = try Tree()
            let recorder = await start(tree)
            try tree.write("d/1.png")
            #expect(await recorder.waitForFiles(["d/1.png"]))
            #expect(await recorder.scans == 1)
            await end(recorder)
        }

        @Test("What is left of one watching's events is not taken for events of the next one's directories")
        func leftOverEvents() async throws {
            let names = (0..<800).map { "d\($0)" }
            for _ in 0..<3 {
                let (first, second) = (try Tree(), try Tree())
                for name in names { for tree in [first, second] { try tree.directory(name) } }
                let one = await start(first)
                InotifyHub.shared.setReading(false)
                for name in names { try first.remove(name) }
                InotifyHub.shared.setReading(true)
                await end(one)
                let two = await start(second)
                for name in names { try second.write(name + "/1.png") }
                #expect(await two.waitForFiles(names.map { $0 + "/1.png" }, seconds: 60))
                await end(two)
            }
        }

        @Test("Two roots share the hub and hear only of their own")
        func twoRoots() async throws {
            let (first, second) = (try Tree(), try Tree())
            let (one, two) = (await start(first), await start(second))
            try first.write("1/a.png")
            try second.write("2/b.png")
            #expect(await one.waitForFiles(["1/a.png"]))
            #expect(await two.waitForFiles(["2/b.png"]))
            await end(one)
            try second.write("2/c.png")
            #expect(await two.waitForFiles(["2/c.png"]))
            #expect(await one.found.count == 1)
            #expect(await two.found.count == 2)
            await end(two)
            #expect(InotifyHub.shared.watchCount == 0)
        }

        @Test("Without recursion only the root's own files are found")
        func flat() async throws {
            let tree = try Tree()
            let recorder = await start(tree, recursive: false)
            try tree.write("d/1.png")
            try tree.write("2.png")
            #expect(await recorder.waitForFiles(["2.png"]))
            #expect(await Array(recorder.found.keys) == [path("2.png")])
            await end(recorder)
        }

        @Test("Scanning alone finds all, and ends at once when cancelled")
        func scanning() async throws {
            let tree = try Tree()
            let recorder = await start(tree, mode: .scan, scan: .milliseconds(100))
            try tree.write("a/b/c.png")
            #expect(await recorder.waitForFiles(["a/b/c.png"]))
            await end(recorder)
        }

        @Test("A root that is removed is unhealthy, and healthy and scanned when it is back", arguments: [true, false])
        func rootGone(byEvents: Bool) async throws {
            let tree = try Tree()
            try tree.write("1.png")
            let recorder = await start(tree, mode: byEvents ? .inotify : .scan, scan: .milliseconds(100))
            try FileManager.default.moveItem(atPath: tree.root, toPath: tree.outside("away"))
            #expect(await recorder.wait { if case .unhealthy = $0.events.last { true } else { false } })
            await recorder.forget()
            try FileManager.default.moveItem(atPath: tree.outside("away"), toPath: tree.root)
            try tree.write("2.png")
            #expect(await recorder.waitForScans(1))
            #expect(await recorder.events.first == .healthy)
            #expect(await recorder.waitForFiles(["1.png", "2.png"]))
            try tree.write("3.png")
            #expect(await recorder.waitForFiles(["3.png"]))
            await end(recorder)
        }
    }
}

extension Recorder {
    var sightings: [Sighting] { found.map { Sighting(path: $0.key, stamp: $0.value) }.sorted { $0.path < $1.path } }
}
