import Config
import Daemon
import ImageFiles
import Testing
import Watching

@Suite struct RuleMatcherTests {
    private let settings = WatchSettings(
        path: "/srv/scope", lab: "lab-b",
        rules: [
            .init(name: "night", pathPattern: "night/**", model: "DM2000*", profile: "dark"),
            .init(name: "leica", make: "leica*", profile: "leica"),
            .init(name: "slides", pathPattern: "slides/**", profile: "slides"),
        ], profile: "other")

    private func metadata(make: String? = nil, model: String? = nil) -> ImageMetadata {
        ImageMetadata(format: .tiff, make: make, model: model)
    }

    @Test("The first rule decides whose conditions all hold")
    func order() throws {
        let matcher = try RuleMatcher(settings)
        let night = CapturePath("night/1.tif")!
        #expect(
            matcher.match(night, metadata: metadata(make: "Leica Microsystems", model: "DM2000 LED"))
                == .init(profile: "dark", rule: "night"))
        #expect(
            matcher.match(night, metadata: metadata(make: "LEICA", model: "DM500"))
                == .init(profile: "leica", rule: "leica"))
        #expect(
            matcher.match(CapturePath("slides/a/1.tif")!, metadata: metadata())
                == .init(profile: "slides", rule: "slides"))
    }

    @Test("Without metadata no rule holds that asks for it; the root's default takes the rest, or nothing does")
    func fallback() throws {
        #expect(
            try RuleMatcher(settings).match(CapturePath("night/1.tif")!, metadata: nil)
                == .init(profile: "other", rule: nil))
        var strict = settings
        strict.profile = nil
        #expect(try RuleMatcher(strict).match(CapturePath("1.tif")!, metadata: nil) == nil)
    }

    @Test("Only rules that ask for metadata make a capture be decoded before it is matched")
    func metadataNeed() throws {
        #expect(try RuleMatcher(settings).needsMetadata)
        var plain = settings
        plain.rules.removeFirst(2)
        #expect(try !RuleMatcher(plain).needsMetadata)
    }
}
