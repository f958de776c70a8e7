import Config
import Testing
import Watching

@Suite struct CaptureFilterTests {
    private func filter(
        include: [String] = WatchSettings.defaultInclude, exclude: [String] = [], recursive: Bool = true
    ) throws -> CaptureFilter {
        try CaptureFilter(
            settings: WatchSettings(
                path: "/srv", lab: "lab", profile: nil, recursive: recursive, include: include, exclude: exclude))
    }

    @Test("Images are captures, other names are ignored with the rule that says so")
    func rules() throws {
        let filter = try filter(exclude: ["overview/**", "*_thumb.*"])
        for name in ["a.png", "x/y/B.TIFF", "c d.JPeG", "e.bmp"] { #expect(filter.ignoringRule(path(name)) == nil) }
        #expect(filter.ignoringRule(path("notes.txt")) == "matches no include pattern")
        #expect(filter.ignoringRule(path("overview/1/a.png")) == "exclude \"overview/**\"")
        #expect(filter.ignoringRule(path("1_THUMB.png")) == "exclude \"*_thumb.*\"")
    }

    @Test(
        "Temporary, hidden and system names are out even where a pattern names them",
        arguments: [
            ".a.png", "x/.hidden/a.png", "a.png~", "a.png.TMP", "a.png.part", "a.crdownload", "a.png.filepart",
            "~$a.png", "@eaDir/a.png", "$RECYCLE.BIN/a.png", "b/Lost+Found/a.png", "#recycle/a.png",
            "#snapshot/GMT1/a.png",
            "@Recycle/a.png", "@Recently-Snapshot/a/a.png", "~snapshot/hourly.0/a.png", ".snapshot/hourly.0/a.png",
            "RECYCLER/S-1/a.png", "@GMT-2024.01.31-12.00.00/a.png", "FOUND.000/a.png", ".stversions/a.png",
        ])
    func builtIn(_ name: String) throws {
        #expect(try filter(include: ["*"]).ignoringRule(path(name))?.hasPrefix("built in") == true)
        let settings = WatchSettings(path: "/srv", lab: "lab", profile: nil, include: ["*"], builtInExclude: false)
        #expect(try CaptureFilter(settings: settings).ignoringRule(path(name)) == nil)
    }

    @Test("Without recursion a subdirectory's files are ignored")
    func flat() throws {
        let filter = try filter(recursive: false)
        #expect(filter.ignoringRule(path("a.png")) == nil)
        #expect(filter.ignoringRule(path("x/a.png")) == "in a subdirectory (recursive = false)")
    }

    @Test("A bad pattern is refused")
    func bad() { #expect(throws: GlobError.self) { try filter(exclude: ["[a"]) } }
}
