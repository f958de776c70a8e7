import Config
import Foundation
import Jobs
import NCTEngine
import TestSupport
import Testing

@Suite struct SidecarTests {
    @Test("A time is written as RFC 3339 with the zone's offset, also where it is zero")
    func timestamps() throws {
        let date = Date(timeIntervalSince1970: 1_700_000_000.25)
        #expect(
            Timestamp.text(date, timeZone: try #require(TimeZone(secondsFromGMT: 0)))
                == "2023-11-14T22:13:20.250+00:00")
        #expect(
            Timestamp.text(date, timeZone: try #require(TimeZone(secondsFromGMT: -12600)))
                == "2023-11-14T18:43:20.250-03:30")
    }

    @Test("Digests are those of the standard's examples")
    func digests() {
        #expect(
            FileDigest.sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("Parameters are written as ever, for results are known by what they were made with")
    func parameters() throws {
        var parameters = NormalizationParameters()
        let text = """
            {"align":true,"alike_distance":4,"cluster_count":5,"completeness_weight":2,"components":16,\
            "enhancement":"segmentation","enhancement_weight":1,"guided_filter_epsilon":1e-05,\
            "guided_filter_radius_pixels":1,"lambda_local":0.001,"lambda_nonlocal":0.4,"levels":[1],\
            "luminance":"rec601","patchmatch_iterations":1,"progressive":false,"reference_use":"all",\
            "solver":"least-squares","solver_iterations":100,"solver_labels":32,"solver_tolerance":0.0002,\
            "standardization":"balanced","tile_pixels":2000000,"transfer_grid":2,"trend_share":0,\
            "trend_tolerance":8,"white_cell_belief":0}
            """
        // What is not in the text has come since.
        func known() throws -> String {
            let json = String(decoding: try JSONText.encodeLine(Sidecar.MethodParameters(parameters)), as: UTF8.self)
            let keys = Set(text.matches(of: #/"(\w+)":/#).map(\.1))
            let entries = json.dropFirst().dropLast().split(separator: ",")
            return "{" + entries.filter { keys.contains($0.dropFirst().prefix { $0 != "\"" }) }.joined(separator: ",")
                + "}"
        }
        #expect(try known() == text)
        parameters.levels = .progressive
        #expect(
            try known()
                == text.replacing(#""levels":[1]"#, with: #""levels":[]"#)
                .replacing(#""progressive":false"#, with: #""progressive":true"#))
    }

    @Test("A finding's words show by how much it missed, however little that is")
    func findings() throws {
        func text(_ kind: String, _ value: Float, _ threshold: Float) throws -> String {
            let json = #"{"kind": "\#(kind)", "value": \#(value), "threshold": \#(threshold)}"#
            return try JSONDecoder().decode(Sidecar.Finding.self, from: Data(json.utf8)).text
        }
        #expect(try text("clipped", 0.0504, 0.05) == "clipped colors: 0.0504, at most 0.0500 wanted")
        #expect(try text("clipped", 0.1, 0.05) == "clipped colors: 0.10, at most 0.05 wanted")
        #expect(try text("low_confidence", 0.7496, 0.75).contains("0.7496, at least 0.7500"))
    }

    @Test("Weights are looked for in the configured folder first, then in the system's")
    func places() {
        #expect(
            FeatureSource.places(environment: ["NCTD_MODELS": "/a/b"])
                == ["/a/b/vgg19-features.safetensors", "/usr/share/nctd/models/vgg19-features.safetensors"])
        #expect(FeatureSource.places(environment: [:]) == ["/usr/share/nctd/models/vgg19-features.safetensors"])
    }

    @Test("Weights that are not where NCTD_MODELS says are said, with what serves in their place")
    func weightsElsewhere() {
        func notice(
            _ used: String?, _ folder: String?, _ kind: FeatureKind = .automatic, configured: String? = nil
        ) -> String? {
            FeatureSource.notice(
                kind, configured: configured, used: used, environment: folder.map { ["NCTD_MODELS": $0] } ?? [:])
        }
        #expect(notice(nil, "/none")?.contains("NCTD_MODELS is /none") == true)
        #expect(notice(nil, "/none")?.contains("built-in network serves") == true)
        #expect(notice("/usr/share/nctd/models/w", "/none")?.contains("/usr/share/nctd/models/w serves") == true)
        #expect(notice("/a/w", "/a") == nil && notice(nil, nil) == nil && notice(nil, "") == nil)
        #expect(notice(nil, "/none", .smearnet) == nil && notice("/b/w", "/none", configured: "/b/w") == nil)
    }

    @Test("The cache lies where the desktop's rules say")
    func cacheDirectory() {
        #expect(CacheDirectory.standard(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"])?.path == "/x/nctd")
        #expect(CacheDirectory.standard(environment: ["HOME": "/h"])?.path == "/h/.cache/nctd")
        #expect(
            CacheDirectory.standard(environment: ["XDG_CACHE_HOME": "relative", "HOME": "/h"])?.path == "/h/.cache/nctd"
        )
        #expect(CacheDirectory.standard(environment: [:]) == nil)
    }

    @Test("A sidecar of nctd 0.7.0 is still read")
    func earlier() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/sidecar-0.7.0.json")
        let sidecar = try Sidecar(json: [UInt8](Data(contentsOf: file)))
        #expect(sidecar.engineVersion == "0.7.0" && sidecar.verdict.delivery == .delivered)
        #expect(sidecar.quality.contents?.whiteCells.isEmpty == true)
        // What it says it was made with is kept as it is, and what it did not have is not added.
        let values = sidecar.parameters.values
        #expect(values.count == 22 && values["solver"] == nil && values["levels"] == .levels([1]))
        #expect(values["lambda_local"] == .number(0.001) && values["enhancement"] == .word("segmentation"))
        #expect(try Sidecar(json: sidecar.json()) == sidecar)
    }
}
