import Config
import ImageFiles
import Jobs
import NCTEngine
import TestSupport
import Testing

@Suite struct JobFailureTests {
    @Test("What a failure is about is a value; its words are made where it is told")
    func subjects() {
        let reference = EngineError(.unusableReference, "it is blank", subject: .reference(1), remedy: "choose another")
        #expect(reference.description == "reference 2: it is blank; choose another")
        let failure = JobFailure(reference, about: Profile(name: "x", references: ["r.png"]).subject)
        #expect(failure.subject == .settings && failure.file == nil)
        #expect(failure.description == "settings: reference 2: it is blank; choose another")
        let setting = JobFailure(.setting("features", "vgg19"), cause: "no weights", remedy: "name them")
        #expect(setting.description == "features = \"vgg19\": no weights; name them")
        // One that says already what it is about keeps that.
        let image = ImageFileError(.empty, "the file is empty", path: "a\n.png", remedy: "export it again")
        let told = JobFailure(image, file: "b.png")
        #expect(told.file == "a\n.png" && JobFailure(told, about: .settings) == told)
        #expect(told.description == "a\\x0A.png: the file is empty; export it again")
        #expect(told.description(of: "a\n.png") == told.description)
        #expect(told.description(of: "b.png") == "b.png: \(told.description)")
    }

    @Test("A sidecar's name is its image's with an ending, for names of any kind")
    func sidecarNames() {
        #expect(SidecarName.of("a/x.png") == "a/x.png.json")
        #expect(SidecarName.of([0x78, 0xFF]) == [0x78, 0xFF] + Array(".json".utf8))
        #expect(SidecarName.image(of: Array("x.png.json".utf8)) == Array("x.png".utf8))
        for name in ["x.png", "json", "x.json.png", ""] { #expect(SidecarName.image(of: Array(name.utf8)) == nil) }
    }
}
