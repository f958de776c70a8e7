import Daemon
import Testing
import Watching

@Suite struct OutputNamesTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(
        "The result lies in the lab's folder under the capture's path, with the output's extension",
        arguments: [
            ("x.tif", "lab/x.png"), ("a/b c/x.y.jpg", "lab/a/b c/x.y.png"), ("noextension", "lab/noextension.png"),
            (".hidden", "lab/.hidden.png"),
        ])
    func first(path: String, output: String) throws {
        #expect(text(OutputNames.candidates(lab: "lab", path: CapturePath(path)!, format: .png)[0]) == output)
    }

    @Test("The further names differ from each other and from the first")
    func further() {
        let names = OutputNames.candidates(lab: "lab", path: CapturePath("a/x.tif")!, format: .png)
        #expect(names.prefix(3).map(text) == ["lab/a/x.png", "lab/a/x.tif.png", "lab/a/x.tif-2.png"])
        #expect(Set(names).count == names.count)
    }

    @Test("A capture that is not alone is called after its extension, and nothing else may be its name")
    func twins() {
        let path = CapturePath("a/x.tif")!
        let twin = OutputNames.candidates(lab: "lab", path: path, format: .png, isAlone: false)
        let all = OutputNames.candidates(lab: "lab", path: path, format: .png)
        #expect(text(twin[0]) == "lab/a/x.tif.png" && !twin.map(text).contains("lab/a/x.png"))
        // What was done by an earlier rule is known again.
        #expect(Set(twin).isSubset(of: Set(all)) && all.count > twin.count)
    }

    @Test("A quarantine record has the capture's full name, so that x.jpg and x.png have one each")
    func quarantine() {
        #expect(text(OutputNames.quarantine(lab: "lab", path: CapturePath("a/x.jpg")!)) == "lab/a/x.jpg.json")
    }

    @Test(
        "What a tree's file system refuses is escaped, and only that",
        arguments: [
            ([], "a:b/c?.tif", "lab/a:b/c?.png"), (.portable, "a:b/c?.tif", "lab/a%3Ab/c%3F.png"),
            (.portable, "dot./x \u{1}.tif", "lab/dot%2E/x %01.png"), (.portable, "con.tif", "lab/%63on.png"),
            (.portable, "icon.con.tif", "lab/icon.con.png"), (.portable, "\u{DC}.tif", "lab/\u{DC}.png"),
            (.caseless, "Day/X\u{FC}.tif", "lab/Day/X\u{FC}.png"), (.caseless, "\u{DC}.tif", "lab/%C3%9C.png"),
            (.caseless, "10\u{B5}m.tif", "lab/10\u{B5}m.png"), (.caseless, "10\u{3BC}m.tif", "lab/10%CE%BCm.png"),
            (.ascii, "\u{FC}.tif", "lab/%C3%BC.png"), (.text, "\u{FC}:.tif", "lab/\u{FC}:.png"),
        ] as [(NameRules, String, String)])
    func rules(rules: NameRules, path: String, output: String) throws {
        let names = OutputNames.candidates(lab: "lab", path: CapturePath(path)!, format: .png, rules: rules)
        #expect(text(names[0]) == output)
    }

    @Test("Bytes that are no text are escaped where names are text")
    func bytes() {
        let path = CapturePath(bytes: Array("a".utf8) + [0xFF] + Array(".tif".utf8))!
        let names = OutputNames.candidates(lab: "lab", path: path, format: .png, rules: .text)
        #expect(text(names[0]) == "lab/a%FF.png")
    }

    @Test("Reasons that a tree would give the same name have a digest each")
    func ruledQuarantine() {
        func name(_ path: String, _ rules: NameRules) -> String {
            text(OutputNames.quarantine(lab: "lab", path: CapturePath(path)!, rules: rules))
        }
        #expect(name("a/x.jpg", .caseless) == "lab/a/x.jpg.json" && name("a/X.jpg", []) == "lab/a/X.jpg.json")
        let names = ["a/x.jpg", "a/X.jpg", "A/x.jpg", "a:/x.jpg", "a%3A/x.jpg"].map {
            name($0, [.caseless, .portable]).lowercased()
        }
        #expect(Set(names).count == names.count)
    }
}
