/// The colors near those of the chosen references, by class.
struct CoveredColors {
    private var nucleus = ColorSet()
    private var cytoplasm = ColorSet()
    private var redCell = ColorSet()

    mutating func insert(_ image: SmearDescriptor) {
        nucleus.insertNeighborhood(of: image.nucleusColors)
        cytoplasm.insertNeighborhood(of: image.cytoplasmColors)
        redCell.insertNeighborhood(of: image.redCellColors)
    }

    func coverage(of lab: [SmearDescriptor]) -> ReferenceSuggestion.Coverage {
        func mean(_ share: (SmearDescriptor) -> Float) -> Float {
            lab.reduce(0) { $0 + share($1) } / Float(max(1, lab.count))
        }
        return ReferenceSuggestion.Coverage(
            nucleus: mean { nucleus.share(of: $0.nucleusColors) },
            cytoplasm: mean { cytoplasm.share(of: $0.cytoplasmColors) },
            redCell: mean { redCell.share(of: $0.redCellColors) })
    }
}

/// A set of histogram cells.
struct ColorSet {
    private var bits = [UInt64](
        repeating: 0,
        count: (SmearDescriptor.bins.lightness * SmearDescriptor.bins.chroma * SmearDescriptor.bins.chroma + 63) / 64)

    /// Adds the given cells and the 26 around each.
    mutating func insertNeighborhood(of colors: [SmearDescriptor.ColorBin]) {
        let chroma = SmearDescriptor.bins.chroma
        for color in colors {
            for l in -1...1 {
                for u in -1...1 {
                    for v in -1...1 {
                        let bin = Int(color.bin) + (l * chroma + u) * chroma + v
                        bits[bin >> 6] |= 1 << UInt64(bin & 63)
                    }
                }
            }
        }
    }

    func contains(_ bin: Int32) -> Bool { bits[Int(bin) >> 6] & (1 << UInt64(bin & 63)) != 0 }

    /// The share of the given colors that are in the set; 1 if there are none.
    func share(of colors: [SmearDescriptor.ColorBin]) -> Float {
        guard !colors.isEmpty else { return 1 }
        var inside: Float = 0
        var total: Float = 0
        for color in colors {
            total += color.share
            if contains(color.bin) { inside += color.share }
        }
        return inside / total
    }
}
