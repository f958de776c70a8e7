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

    @Test("A quarantine record has the capture's full name, so that x.jpg and x.png have one each")
    func quarantine() {
        #expect(text(OutputNames.quarantine(lab: "lab", path: CapturePath("a/x.jpg")!)) == "lab/a/x.jpg.json")
    }
}
