import Config
import Testing

@Suite struct NearestNameTests {
    @Test(
        "Edits are counted, an exchange of neighbors as one",
        arguments: [
            ("", "", 0), ("seed", "seed", 0), ("sed", "seed", 1), ("seeed", "seed", 1), ("sead", "seed", 1),
            ("esed", "seed", 1), ("kitten", "sitting", 3), ("", "abc", 3), ("Seed", "seed", 0),
        ])
    func distances(first: String, second: String, expected: Int) {
        #expect(NearestName.distance(first, second) == expected)
        #expect(NearestName.distance(second, first) == expected)
    }

    @Test("A typo finds its key, and a word that is near nothing finds none")
    func suggestions() {
        let known = ["cluster_count", "components", "levels", "seed"]
        #expect(NearestName.of("cluster_cuont", among: known) == "cluster_count")
        #expect(NearestName.of("clusters_count", among: known) == "cluster_count")
        #expect(NearestName.of("level", among: known) == "levels")
        #expect(NearestName.of("watermark", among: known) == nil)
        #expect(NearestName.of("x", among: [String]()) == nil)
    }
}
