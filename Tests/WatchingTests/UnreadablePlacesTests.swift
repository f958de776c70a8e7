import Config
import Foundation
import Testing
import Watching

@Suite(.timeLimit(.minutes(5))) struct UnreadablePlacesTests {
    @Test(
        "What cannot be read is told, and told when it can; what is left out by its name is not",
        arguments: [WatchSettings.Mode.inotify, .scan])
    func told(mode: WatchSettings.Mode) async throws {
        let tree = try Tree()
        // Deeper than is looked into, for anybody: root may read all else.
        let deep = [String](repeating: "d", count: 513).joined(separator: "/")
        for folder in ["a", "@eaDir", "left"] { try tree.directory("\(folder)/\(deep)") }
        var settings = WatchSettings(
            path: tree.root, lab: "lab", profile: nil, mode: mode, scanInterval: .milliseconds(100),
            reconcileInterval: .milliseconds(100))
        settings.exclude = ["left/**"]
        let recorder = Recorder()
        await recorder.start(makeWatcher(for: settings, hub: .shared))
        #expect(await recorder.waitForScans(3))
        let told = await recorder.unread
        #expect(told.count == 1, "what stays as it is is told once")
        let places = try #require(told.first)
        #expect(places.count == 1 && places.first.count == 1, "\(places.first.map(\.path.count))")
        #expect(places.first[0].path.hasPrefix("a/d/d") && !places.first[0].reason.isEmpty)
        #expect(places.place(over: path("a/\(deep)/x.png")) == places.first[0])
        #expect(places.place(over: path("a/d/x.png")) == nil && places.place(over: path("b.png")) == nil)
        try FileManager.default.removeItem(atPath: tree.root + "/a")
        #expect(await recorder.wait { $0.unread.last?.count == 0 })
        _ = await recorder.stop()
    }
}
