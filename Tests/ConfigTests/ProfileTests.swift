import Config
import Foundation
import NCTEngine
import Testing

@Suite struct ProfileTests {
    /// A folder with two empty files that a profile may name as references and weights.
    private final class Folder {
        let path = NSTemporaryDirectory() + "nctd-profile-\(UUID().uuidString)"

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for name in ["one.png", "two.png", "vgg.safetensors"] {
                try Data().write(to: URL(fileURLWithPath: path + "/" + name))
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String) throws -> String {
            let file = path + "/lab.toml"
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            return file
        }
    }

    private func problems(_ text: String) throws -> [ConfigurationProblem] {
        let folder = try Folder()
        let error = try #require(throws: ConfigurationError.self) {
            _ = try Profile.read(path: try folder.write(text))
        }
        for problem in error.problems {
            #expect(problem.file == folder.path + "/lab.toml")
            #expect(!problem.remedy.isEmpty && !problem.message.hasSuffix("."))
        }
        return error.problems
    }

    @Test("A profile of one line has the defaults, its file's name and references beside it")
    func least() throws {
        let folder = try Folder()
        let profile = try Profile.read(path: try folder.write("references = [\"one.png\"]"))
        #expect(profile.name == "lab")
        #expect(profile.references == [folder.path + "/one.png"])
        #expect(profile.parameters == NormalizationParameters())
        #expect(profile.thresholds == QualityThresholds())
        #expect(profile.belowThreshold == .flag && profile.method == .colorTransfer && profile.weights == nil)
    }

    @Test("The light is a word or a file beside the profile, which must be there")
    func flatField() throws {
        let folder = try Folder()
        for (text, choice) in [
            ("auto", FlatFieldChoice.automatic), ("none", .none), ("capture", .capture),
            ("two.png", .file(folder.path + "/two.png")),
        ] {
            let profile = try Profile.read(
                path: try folder.write("references = [\"one.png\"]\nflat_field = \"\(text)\""))
            #expect(profile.flatField == choice)
        }
        let missing = try problems("references = [\"one.png\"]\nflat_field = \"scope.json\"")
        #expect(missing.count == 1 && missing[0].key == "flat_field" && missing[0].line == 2)
        let empty = try problems("references = [\"one.png\"]\nflat_field = \"\"")
        #expect(empty.count == 1 && empty[0].message.contains("empty"))
    }

    @Test("A profile with every key is read whole")
    func whole() throws {
        let folder = try Folder()
        let profile = try Profile.read(
            path: try folder.write(
                """
                name = "Lab A"
                references = ["one.png", "\(folder.path)/two.png"]
                method = "color-transfer"
                levels = [3, 1]
                standardization = "balanced"
                enhancement = "none"
                reference_use = "best"
                luminance = "rec709"
                components = 24
                cluster_count = 10
                enhancement_weight = 2
                patchmatch_iterations = 9
                completeness_weight = 0
                lambda_local = 0.125
                lambda_nonlocal = 2.0
                solver = "graph-cut"
                solver_labels = 48
                solver_tolerance = 1e-5
                solver_iterations = 300
                transfer_grid = 4
                guided_filter_radius_pixels = 8
                guided_filter_epsilon = 1e-3
                align = false
                white_cell_belief = 0.5
                trend_share = 0.25
                trend_tolerance = 5
                alike_distance = 0
                tile_pixels = 500_000
                seed = 77
                weights = "vgg.safetensors"
                below_threshold = "hold"
                [thresholds]
                minimum_structural_similarity = 0.9
                maximum_palette_distance = 5
                maximum_clipped_share = 0.01
                minimum_confidence = 0.5
                """))
        var expected = NormalizationParameters()
        expected.levels = .joint([3, 1])
        expected.standardization = .balanced
        expected.enhancement = .none
        expected.referenceUse = .best
        expected.luminance = .rec709
        expected.components = 24
        expected.clusterCount = 10
        expected.enhancementWeight = 2
        expected.patchMatchIterations = 9
        expected.completenessWeight = 0
        expected.lambdaLocal = 0.125
        expected.lambdaNonlocal = 2
        expected.solver = .graphCut
        expected.solverLabels = 48
        expected.solverTolerance = 1e-5
        expected.solverIterations = 300
        expected.transferGrid = 4
        expected.guidedFilterRadius = 8
        expected.guidedFilterEpsilon = 1e-3
        expected.aligns = false
        expected.whiteCellBelief = 0.5
        expected.trendShare = 0.25
        expected.trendTolerance = 5
        expected.alikeDistance = 0
        expected.tilePixels = 500_000
        expected.seed = 77
        #expect(profile.parameters == expected)
        #expect(profile.name == "Lab A" && profile.belowThreshold == .hold)
        #expect(profile.references == [folder.path + "/one.png", folder.path + "/two.png"])
        #expect(profile.weights == folder.path + "/vgg.safetensors")
        #expect(profile.thresholds.minimumConfidence == 0.5 && profile.thresholds.maximumPaletteDistance == 5)
    }

    @Test("What findings count is read by their names in sidecars, with a preset that they overrule")
    func verdictRules() throws {
        let folder = try Folder()
        let profile = try Profile.read(
            path: try folder.write(
                """
                references = ["one.png"]
                [verdict]
                fields = "red-cells"
                no_white_cells = "doubtful"
                out_of_focus = "bad"
                cytoplasm_color = "measured"
                """))
        #expect(
            profile.thresholds.rules
                == VerdictRules(
                    fields: .redCells,
                    own: [.noWhiteCells: .doubtful, .outOfFocus: .bad, .cytoplasmColor: .measured]))
        let found = try problems(
            """
            references = ["one.png"]
            [verdict]
            fields = "red-cell"
            no_white_cels = "note"
            clipped = "hold"
            nucleus_color = true
            """)
        #expect(found.map(\.line) == [3, 4, 5, 6])
        #expect(
            found.map(\.key) == [
                "verdict.fields", "verdict.no_white_cels", "verdict.clipped", "verdict.nucleus_color",
            ])
        #expect(found[0].remedy.contains("did you mean \"red-cells\"?"))
        #expect(found[1].remedy == "did you mean no_white_cells?")
        #expect(found[2].remedy.contains("\"ignore\", \"note\", \"doubtful\", \"bad\", \"measured\""))
    }

    @Test("All problems come at once, each with its line, key and remedy")
    func allAtOnce() throws {
        let found = try problems(
            """
            refrences = ["one.png"]
            cluster_count = 99
            seed = "seven"
            enhancement = "clusterin"

            [thresholds]
            minimum_confidence = 3
            minimum_confidense = 0.4
            """)
        #expect(found.count == 7)
        #expect(found.map(\.line) == [1, 2, 3, 4, 7, 8, nil])
        #expect(
            found.map(\.key) == [
                "refrences", "cluster_count", "seed", "enhancement", "thresholds.minimum_confidence",
                "thresholds.minimum_confidense", "references",
            ])
        #expect(found[0].remedy == "did you mean references?")
        #expect(found[1].message == "99 is out of range" && found[1].remedy.contains("2 to 32"))
        #expect(found[2].message == "is a text")
        #expect(found[3].remedy.contains("did you mean \"clustering\"?"))
        #expect(found[4].remedy.contains("0 to 1"))
        #expect(found[6].message == "is missing")
    }

    @Test(
        "A value of the wrong type or out of its range is refused with what would be right",
        arguments: [
            ("levels = [6]", "levels[0]", "1 to 5"), ("levels = []", "levels", "1 to 5"),
            ("levels = 2", "levels", "list"),
            ("levels = [1, \"2\"]", "levels[1]", "whole numbers"), ("levels = [2, 2]", "levels", "once"),
            ("progressive = true\nlevels = [1]", "progressive", "one of the two"),
            ("progressive = 1", "progressive", "true or false"), ("components = 0", "components", "1 to 64"),
            ("components = 1.5", "components", "whole number"), ("lambda_local = -1", "lambda_local", "0 to 1000"),
            ("lambda_local = nan", "lambda_local", "0 to 1000"), ("solver_tolerance = inf", "solver_tolerance", "0.1"),
            ("solver = \"graphcut\"", "solver", "\"graph-cut\""), ("solver = 1", "solver", "text"),
            ("solver_labels = 8", "solver_labels", "16 to 64"), ("solver_labels = 100", "solver_labels", "16 to 64"),
            ("solver = \"graph-cut\"\ntile_pixels = 200_000_000", "tile_pixels", "100000000"),
            ("seed = -1", "seed", "0 up"), ("method = \"reinhart\"", "method", "\"reinhard\""),
            ("sparsity = 1.5", "sparsity", "0 to 1"), ("angle_percentile = 26", "angle_percentile", "0 to 25"),
            ("saturated_low_percent = 50", "saturated_low_percent", "0 to 49"),
            ("below_threshold = \"drop\"", "below_threshold", "\"hold\""),
            ("thresholds = 1", "thresholds", "[thresholds]"),
            ("name = \" \"", "name", "name"), ("weights = \"missing.safetensors\"", "weights", "usual places"),
            ("guided_filter_epsilon = 0", "guided_filter_epsilon", "1e-12"),
        ])
    func refused(line: String, key: String, remedy: String) throws {
        let found = try problems("references = [\"one.png\"]\n" + line)
        #expect(found.count == 1)
        #expect(found[0].key == key)
        #expect((found[0].line ?? 0) >= 2)
        #expect(found[0].remedy.contains(remedy), "\(found[0])")
    }

    @Test("References that are missing, too many or directories are named each on its line")
    func references() throws {
        let missing = try problems("references = [\n  \"one.png\",\n  \"three.png\",\n  \".\",\n]")
        #expect(missing.map(\.key) == ["references[1]", "references[2]"])
        #expect(missing.map(\.line) == [3, 4])
        #expect(
            try problems("references = [\"one.png\", \"one.png\", \"one.png\", \"one.png\"]")[0].remedy.contains(
                "1 to 3"))
        #expect(try problems("references = []")[0].message == "is empty")
    }

    @Test("A name with characters that cannot be shown is refused, and shown without them")
    func unprintableName() throws {
        let found = try problems("references = [\"one.png\"]\nname = \"a\\u001b[31mb\\n\"")
        #expect(found.map(\.key) == ["name"] && found[0].line == 2)
        #expect(found[0].message.contains("a\\x1B[31mb\\x0A"), "\(found[0].message)")
        #expect(try problems("references = []\nname = \"Labor Süd 1\"").map(\.key) == ["references"])
    }

    @Test("A document that is no TOML is refused with line and column")
    func syntax() throws {
        let found = try problems("references = [\"one.png\"]\nseed = = 2\n")
        #expect(found.count == 1 && found[0].line == 2)
        #expect(try problems("references = [\"one.png\"]\nseed = 1\nseed = 2\n")[0].line == 3)
        #expect(try problems("seed = 1\n\0 = 2")[0].message.contains("zero byte"))
    }

    @Test("A profile that is missing, a directory or no text is refused")
    func unreadable() throws {
        let folder = try Folder()
        for path in [folder.path + "/none.toml", folder.path] {
            let error = try #require(throws: ConfigurationError.self) { _ = try Profile.read(path: path) }
            #expect(error.problems.count == 1 && error.description.hasPrefix(path))
        }
        try Data("seed = 1\nname = \"".utf8 + [0xFF, 0xFE, 0x00]).write(
            to: URL(fileURLWithPath: folder.path + "/bytes.toml"))
        let error = try #require(throws: ConfigurationError.self) {
            _ = try Profile.read(path: folder.path + "/bytes.toml")
        }
        #expect(error.description.contains("UTF-8"))
        #expect(error.problems.map(\.line) == [2])
    }

    @Test("A problem reads as one line: file, line, key, what, remedy")
    func oneLine() {
        let problem = ConfigurationProblem(
            file: "lab.toml", line: 4, key: "seed", message: "is a text", remedy: "use a whole number")
        #expect(problem.description == "lab.toml:4: seed: is a text; use a whole number")
    }
}
