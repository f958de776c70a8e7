/// What an image of the training lab shows, small enough to hold thousands of: its ordinary colors, and the colors of
/// its white cells. Cost linear in the pixels: about 20 ms for 360 × 363.
public struct SmearDescriptor: Sendable {
    /// Mean CIELAB of the background and of red cells far from any nucleus.
    public let background: SIMD3<Float>
    public let redCell: SIMD3<Float>
    /// Shares of the image, 0…1.
    public let backgroundShare: Float
    public let nucleusShare: Float
    public let cytoplasmShare: Float
    /// Whether a nucleus touches the border, so that its cell is cut.
    public let isCut: Bool
    /// Whether there are platelets: small spots as dark in red light as a nucleus.
    public let hasPlatelets: Bool
    /// Occupied cells of a CIELAB histogram in steps of ``step``, with their share of the class's pixels.
    let nucleusColors: [ColorBin]
    let cytoplasmColors: [ColorBin]
    let redCellColors: [ColorBin]
    /// The same of nuclei and their surroundings, blurred by a bin, for comparing cells.
    let spreadNucleus: [ColorBin]
    let spreadCytoplasm: [ColorBin]
    /// Area of what surrounds the nuclei and is unlike the image's red cells, over the nuclei's.
    let cytoplasmRatio: Float

    struct ColorBin: Sendable, Equatable {
        let bin: Int32
        let share: Float
    }

    /// Edge of a histogram cell, ΔE*ab.
    static let step: Float = 3
    static let bins = (lightness: 36, chroma: 64)

    static func bin(lightness: Float, a: Float, b: Float) -> Int32 {
        let l = min(bins.lightness - 2, max(1, Int(lightness / step) + 1))
        let u = min(bins.chroma - 2, max(1, Int(a / step + Float(bins.chroma / 2))))
        let v = min(bins.chroma - 2, max(1, Int(b / step + Float(bins.chroma / 2))))
        return Int32((l * bins.chroma + u) * bins.chroma + v)
    }

    /// Looks at an image.
    ///
    /// - Precondition: it is sound (``RGBImage/isSound``).
    public init(_ image: RGBImage, workers: Workers = Workers(threads: 1)) {
        precondition(image.isSound, "finite samples, 0 to 1")
        let field = FieldImage(ofDataIn: image, workers: workers)
        let image = field.image
        let segmentation = RoughSegmentation(image, mask: field.mask, workers: workers)
        let lab = LabImage(image, workers: workers).samples
        let spots = ConnectedSpots(segmentation.labels.mask(of: .nucleus), within: field.mask)
        let largest = spots.areas.max() ?? 0
        let least = max(WhiteCellSize.leastSpot.pixels, largest / WhiteCellSize.leastSpot.part)
        isCut = spots.areas.indices.contains(where: { spots.areas[$0] >= least && spots.touchesBorder[$0] })
        hasPlatelets = spots.areas.contains { $0 >= 15 && $0 < least / 2 }
        // Cytoplasm: what is neither background nor nucleus within 0.6 nucleus radii of a nucleus.
        let radius = max(2, Int(0.6 * (Float(largest) / 3.14).squareRoot()))
        let near = spots.mask { spots.areas[$0] >= least }.grown(by: radius)
        var sums = [SIMD3<Float>](repeating: .zero, count: 2)
        var counts: [Float] = [0, 0]
        var histograms = [[Int32: Int]](repeating: [:], count: 3)
        var sizes = [0, 0, 0]
        for pixel in 0..<image.pixelCount where field.mask.isData(pixel) {
            let color = SIMD3(lab[3 * pixel], lab[3 * pixel + 1], lab[3 * pixel + 2])
            let kind: Int
            switch segmentation.labels[pixel] {
            case .background:
                sums[0] += color
                counts[0] += 1
                continue
            case .nucleus:
                guard spots.areas[Int(spots.labels[pixel])] >= least else { continue }
                kind = 0
            case .cell:
                kind = near.isSet[pixel] ? 1 : 2
                if kind == 2 {
                    sums[1] += color
                    counts[1] += 1
                }
            }
            histograms[kind][Self.bin(lightness: color.x, a: color.y, b: color.z), default: 0] += 1
            sizes[kind] += 1
        }
        background = sums[0] / max(1, counts[0])
        redCell = sums[1] / max(1, counts[1])
        let total = Float(max(1, field.mask?.count ?? image.pixelCount))
        backgroundShare = counts[0] / total
        nucleusShare = Float(sizes[0]) / total
        cytoplasmShare = Float(sizes[1]) / total
        // The rarest colors are noise.
        func colors(_ kind: Int) -> [ColorBin] {
            histograms[kind].filter { $0.value * 400 >= sizes[kind] }
                .map { ColorBin(bin: $0.key, share: Float($0.value) / Float(max(1, sizes[kind]))) }
                .sorted { $0.bin < $1.bin }
        }
        nucleusColors = colors(0)
        cytoplasmColors = colors(1)
        redCellColors = colors(2)
        spreadNucleus = Self.spread(nucleusColors)
        spreadCytoplasm = Self.spread(cytoplasmColors)
        var redCells = ColorSet()
        redCells.insertNeighborhood(of: redCellColors)
        let cytoplasm = histograms[1].reduce(0) { $0 + (redCells.contains($1.key) ? 0 : $1.value) }
        cytoplasmRatio = Float(cytoplasm) / Float(max(1, sizes[0]))
    }
}

extension SmearDescriptor {
    /// How alike the white cells of two images are, 0…1: what their distributions of color share, cytoplasm's counting
    /// most because it varies most between kinds, and whether they have as much of it.
    func cellLikeness(to other: SmearDescriptor) -> Float {
        let ratios = (cytoplasmRatio, other.cytoplasmRatio)
        let amount = min(ratios.0, ratios.1) / max(ratios.0, ratios.1, Self.leastRatio)
        return 0.5 * Self.shared(spreadCytoplasm, other.spreadCytoplasm)
            + 0.3 * Self.shared(spreadNucleus, other.spreadNucleus) + 0.2 * amount
    }

    /// Below this cytoplasm over nucleus there is as good as none.
    private static let leastRatio: Float = 0.2

    /// Histogram intersection of two lists in the order of their bins.
    private static func shared(_ first: [ColorBin], _ second: [ColorBin]) -> Float {
        var (i, j) = (0, 0)
        var sum: Float = 0
        while i < first.count, j < second.count {
            if first[i].bin == second[j].bin {
                sum += min(first[i].share, second[j].share)
                i += 1
                j += 1
            } else if first[i].bin < second[j].bin {
                i += 1
            } else {
                j += 1
            }
        }
        return sum
    }

    /// A histogram with each bin spread evenly over the 27 around it, in the order of the bins.
    static func spread(_ colors: [ColorBin]) -> [ColorBin] {
        var result: [Int32: Float] = [:]
        for color in colors {
            for l in -1...1 {
                for u in -1...1 {
                    for v in -1...1 {
                        let bin = color.bin + Int32((l * bins.chroma + u) * bins.chroma + v)
                        result[bin, default: 0] += color.share / 27
                    }
                }
            }
        }
        return result.map { ColorBin(bin: $0.key, share: $0.value) }.sorted { $0.bin < $1.bin }
    }
}
