import Daemon
import ImageFiles
import Testing
import Watching

@Suite struct ShortNameTests {
    @Test("No name that is made is longer than file systems allow, each is the same every time and no other capture's")
    func names() throws {
        var seen: Set<[UInt8]> = []
        let long = String(repeating: "n", count: 255)
        let stems = [
            "x", String(repeating: "n", count: 238), String(repeating: "n", count: 239), String(long.dropLast(4)),
        ]
        let paths =
            stems.flatMap { stem in ["\(stem).png", "\(stem).tif", "\(long)/\(stem).png"] }
            + [String(repeating: "ü", count: 125) + ".png", String(repeating: "e/", count: 1900) + "x.png"]
        for path in paths {
            let path = try #require(CapturePath(path))
            let candidates = OutputNames.candidates(lab: "lab", path: path, format: .png)
            #expect(candidates == OutputNames.candidates(lab: "lab", path: path, format: .png))
            for name in candidates {
                let parts = name.split(separator: UInt8(ascii: "/"))
                #expect(parts.allSatisfy { $0.count <= ShortName.longest })
                #expect((parts.last?.count ?? 0) + ShortName.reserve <= ShortName.longest)
                #expect(name.count < 3600)
                #expect(String(validating: name, as: UTF8.self) != nil)
            }
            let reason = OutputNames.quarantine(lab: "lab", path: path)
            #expect(reason.split(separator: UInt8(ascii: "/")).allSatisfy { $0.count <= ShortName.longest })
            // Those that differ in their extension alone may want the same first name; their second ones differ.
            #expect(seen.insert(candidates[1]).inserted, "\(path)")
        }
        #expect(
            OutputNames.candidates(lab: "lab", path: CapturePath("a/x.png")!, format: .png)[0]
                == Array("lab/a/x.png".utf8))
    }
}
