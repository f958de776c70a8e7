import Foundation

extension WhiteCellKind: CodingKeyRepresentable {}

/// The colors of a lab: of the background, the red cells and the platelets, and of cytoplasm and nucleus of each kind
/// of white cell. A change of stain is a property of two labs, and this is what is known of one.
///
/// ``PaletteLearner`` measures it on a lab's images. What they do not show is taken from what labs have in general,
/// moved to the lab's own colors, so that every kind has its place.
public struct LabPalette: Sendable, Equatable, Codable {
    public static let currentVersion = 1

    public var version: Int
    /// Images and white cells that it was learned from.
    public var images: Int
    public var whiteCells: Int
    public var background: ColorStatistics
    public var redCell: ColorStatistics
    public var platelet: ColorStatistics
    /// By kind; every kind is there.
    public var cytoplasm: [WhiteCellKind: ColorStatistics]
    public var nucleus: [WhiteCellKind: ColorStatistics]

    /// A part of a white cell.
    enum Part: CaseIterable {
        case cytoplasm, nucleus
    }

    subscript(part: Part) -> [WhiteCellKind: ColorStatistics] {
        switch part {
        case .cytoplasm: cytoplasm
        case .nucleus: nucleus
        }
    }

    /// - Precondition: every kind has its statistics.
    subscript(part: Part, kind: WhiteCellKind) -> ColorStatistics { self[part][kind]! }

    /// What labs have in general: cells of known kinds of one lab (Acevedo et al. 2020, CC BY 4.0; 920 fields), in its
    /// colors. What holds of other labs is the order and the distances of the classes and kinds.
    package static let general = LabPalette(
        version: currentVersion, images: 0, whiteCells: 0,
        background: statistics([91.5, 4.8, 15.9], [1.3, 1.1, 1.4], [0.7, 0.7, 2.5]),
        redCell: statistics([72.8, 13.5, 5.6], [5.0, 2.6, 3.6], [2.9, 1.5, 2.8]),
        platelet: statistics([52.3, 31.5, -25.4], [13.5, 12.0, 14.7], [9.7, 7.2, 10.2]),
        cytoplasm: [
            .segmentedNeutrophil: statistics([71.4, 16.6, -0.4], [5.8, 5.5, 6.1], [3.5, 2.5, 3.3]),
            .bandNeutrophil: statistics([70.8, 17.1, -1.6], [5.6, 5.5, 6.0], [5.3, 3.6, 4.9]),
            .lymphocyte: statistics([63.4, 14.2, -13.0], [7.9, 6.4, 8.8], [5.5, 3.9, 7.5]),
            .monocyte: statistics([65.3, 16.3, -11.8], [7.5, 5.9, 8.6], [5.9, 4.0, 6.5]),
            .eosinophil: statistics([55.1, 31.0, -9.0], [7.2, 8.7, 6.7], [4.1, 2.9, 3.7]),
            .basophil: statistics([65.9, 20.0, -7.8], [7.8, 7.9, 8.1], [5.1, 4.8, 5.7]),
            .other: statistics([60.8, 19.3, -13.6], [6.8, 6.5, 7.7], [4.5, 3.3, 4.8]),
        ],
        nucleus: [
            .segmentedNeutrophil: statistics([26.2, 40.8, -46.7], [6.7, 6.0, 8.5], [1.7, 0.9, 1.4]),
            .bandNeutrophil: statistics([27.1, 40.5, -45.4], [7.1, 6.1, 8.7], [2.5, 1.1, 1.8]),
            .lymphocyte: statistics([26.8, 40.0, -44.9], [5.7, 4.7, 7.1], [2.3, 2.6, 3.3]),
            .monocyte: statistics([33.9, 39.8, -40.7], [7.8, 6.9, 8.9], [3.3, 1.7, 3.1]),
            .eosinophil: statistics([29.3, 40.1, -43.7], [7.6, 6.6, 9.3], [2.6, 1.2, 2.2]),
            .basophil: statistics([27.6, 40.0, -43.9], [7.2, 6.0, 8.1], [1.9, 1.8, 2.7]),
            .other: statistics([28.1, 39.4, -43.8], [6.9, 6.1, 8.0], [3.4, 1.7, 1.9]),
        ])

    private static func statistics(
        _ mean: SIMD3<Float>, _ within: SIMD3<Float>, _ between: SIMD3<Float>
    ) -> ColorStatistics {
        ColorStatistics(mean: mean, within: within, between: between, count: 0)
    }

    /// A palette file's bytes: JSON with sorted keys, the same for the same palette.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        return [UInt8](try encoder.encode(self)) + [0x0A]
    }

    /// A palette from a file's bytes.
    ///
    /// Throws ``EngineError/Code/invalidPalette`` for bytes that are none, for one of another version, and for numbers
    /// that no color has.
    public init(decoding bytes: [UInt8]) throws {
        func fail(_ message: String) -> EngineError {
            EngineError(.invalidPalette, message, remedy: "make it anew with `nctd profile learn`")
        }
        struct Version: Decodable { var version: Int }
        guard let version = try? JSONDecoder().decode(Version.self, from: Data(bytes)).version else {
            throw fail("it is no palette of a lab")
        }
        guard version == Self.currentVersion else {
            throw fail("it is a palette of version \(version); this program knows version \(Self.currentVersion)")
        }
        do {
            self = try JSONDecoder().decode(LabPalette.self, from: Data(bytes))
        } catch {
            throw fail("a part of the palette is missing or of a wrong type")
        }
        let kinds = WhiteCellKind.allCases
        guard kinds.allSatisfy({ cytoplasm[$0] != nil && nucleus[$0] != nil }) else {
            throw fail("a kind of white cell is missing from the palette")
        }
        let all = [background, redCell, platelet] + kinds.flatMap { [self[.cytoplasm, $0], self[.nucleus, $0]] }
        guard images >= 0, whiteCells >= 0, all.allSatisfy(\.isSound) else {
            throw fail("the palette holds numbers that no color has")
        }
    }

    init(
        version: Int, images: Int, whiteCells: Int, background: ColorStatistics, redCell: ColorStatistics,
        platelet: ColorStatistics, cytoplasm: [WhiteCellKind: ColorStatistics],
        nucleus: [WhiteCellKind: ColorStatistics]
    ) {
        self.version = version
        self.images = images
        self.whiteCells = whiteCells
        self.background = background
        self.redCell = redCell
        self.platelet = platelet
        self.cytoplasm = cytoplasm
        self.nucleus = nucleus
    }
}
