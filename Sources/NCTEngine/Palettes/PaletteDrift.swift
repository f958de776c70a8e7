/// How far a lab's colors moved between two palettes of it.
public struct PaletteDrift: Sendable, Equatable {
    /// The class that moved most, in words.
    public let part: String
    /// ΔE*ab between its means.
    public let distance: Float

    /// Moves up to here are no drift, ΔE*ab.
    public static let bound: Float = 2
    /// Nor are those that chance explains: within so many standard errors of a difference of means.
    private static let deviations: Float = 3
    /// What fewer fields or cells say of a class is what is expected of it.
    private static let fewest: Float = 5

    /// The largest move of a class that is farther than chance and ``bound`` explain; nil if there is none, that is, if the
    /// lab's colors are what they were.
    ///
    /// A class that either palette saw on few fields or cells tells nothing.
    public static func between(_ old: LabPalette, _ new: LabPalette) -> PaletteDrift? {
        measured(from: old, to: new, atLeast: fewest)
            .filter { $0.drift.distance > max(bound, deviations * $0.error) }.map(\.drift)
            .max { $0.distance < $1.distance }
    }

    /// The largest move of all classes that both palettes saw often enough; nil if there is none.
    public static func largest(_ old: LabPalette, _ new: LabPalette) -> PaletteDrift? {
        moves(from: old, to: new, atLeast: fewest).first
    }

    /// How far the mean of each class moved that both palettes saw on so many fields or cells, the farthest first.
    public static func moves(from old: LabPalette, to new: LabPalette, atLeast count: Float) -> [PaletteDrift] {
        measured(from: old, to: new, atLeast: count).map(\.drift).sorted { $0.distance > $1.distance }
    }

    private static func measured(
        from old: LabPalette, to new: LabPalette, atLeast count: Float
    ) -> [(drift: PaletteDrift, error: Float)] {
        var pairs = [
            ("background", old.background, new.background), ("red cells", old.redCell, new.redCell),
            ("platelets", old.platelet, new.platelet),
        ]
        for kind in WhiteCellKind.allCases {
            let name = kind.rawValue.replacing("_", with: " ")
            for (part, word) in [(LabPalette.Part.cytoplasm, "cytoplasm"), (.nucleus, "nucleus")] {
                guard let before = old[part][kind], let after = new[part][kind] else { continue }
                pairs.append(("\(word) of the kind \(name)", before, after))
            }
        }
        return pairs.filter { min($0.1.count, $0.2.count) >= count }.map { name, before, after in
            let move = after.mean - before.mean
            let variance = before.between * before.between / before.count + after.between * after.between / after.count
            return (
                PaletteDrift(part: name, distance: (move * move).sum().squareRoot()), variance.sum().squareRoot()
            )
        }
    }
}
