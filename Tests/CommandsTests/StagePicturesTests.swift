import Foundation
import Jobs
import TestSupport
import Testing

@Suite struct StagePicturesTests {
    @Test("With the best of two references the stages show the features of the chosen one, by its number")
    func best() throws {
        let bench = try Bench()
        let second = try bench.space.write(try Bench.encode(Bench.smear(seed: 901, stain: .labA)), to: "second.png")
        for seed in UInt64(1)...3 {
            try bench.capture("in/\(seed).png", seed: seed)
        }
        let result = try bench.nctd(
            "normalize", bench.space("in"), "--reference", bench.reference, "--reference", second, "--reference-use",
            "best", "--output", "out", "--layer", "1", "--no-cache", "--stages", "why")
        #expect(result.status == 0, "\(result.error)")
        for seed in 1...3 {
            let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out/\(seed).png.json"))))
            let choice = sidecar.referenceChoice
            let chosen = try #require(choice.chosen)
            #expect(choice.distances.count == 2 && choice.distances.min() == choice.distances[chosen])
            #expect(choice.reason.contains("reference \(chosen + 1)"))
            let features = bench.space.files(in: "why/\(seed)").filter { $0.contains("features-reference") }
            #expect(features.count == 1 && features[0].hasSuffix("features-reference-\(chosen + 1).png"), "\(features)")
        }
    }
}
