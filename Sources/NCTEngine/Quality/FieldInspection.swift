/// What a capture shows, judged before normalization from its luminance and colors alone.
///
/// The limits are the same for all profiles, since they describe smears as such. Where nothing else is said, they were
/// chosen so that phantoms of ordinary and extreme smears and two labs' training images pass, and phantoms of blank and
/// blurred fields and of what is no smear do not (`FieldInspectionTests`), by eye between the two. `docs/field.md` says
/// how often they refuse six labs' fields.
public struct FieldInspection: Sendable, Equatable, Codable {
    /// Share of pixels that are not background, 0…1.
    public var foregroundShare: Float
    /// Share of pixels that look like a white cell's nucleus, 0…1.
    public var nucleusShare: Float
    /// Sharpness: a scale-free ratio of fine to coarse luminance variation; low means out of focus. Measured along the
    /// edges of cells: 4 for perfect edges, near 1 for edges blurred over many pixels, 0 where there are none.
    public var focus: Float
    /// Share of pixels on the edge of something, 0…1.
    public var edgeShare: Float
    /// 0 if edges run in all directions, as cells' do, 1 if they keep to one or two at right angles.
    public var edgeAlignment: Float
    /// Share of the luminance's variance that is finer than any lens resolves: noise, 0…1.
    public var roughness: Float
    /// Share of the foreground that absorbs green most, as the dyes of blood smears and hemoglobin do, 0…1.
    public var stainedShare: Float
    /// Area of the largest nucleus in areas of an ordinary red cell of the field; 0 if there is none.
    public var largestNucleus: Float
    /// 1 if all that is round is darker than its surroundings, as cells are in the light of a microscope, -1 if brighter.
    public var polarity: Float?
    /// The median L*, 0…100.
    public var lightness: Float?
    /// How much color there is: root mean squared distance of a*b* from their mean, ΔE*ab; nil in sidecars of nctd 0.9.3
    /// and before.
    public var colorSpread: Float?
    /// No edges and hardly any color but the background's.
    public var isBlank: Bool
    /// Whether a nucleus is large enough to be a white cell's, not a platelet.
    public var hasWhiteCells: Bool
    public var isInFocus: Bool
    /// Whether structure and colors are those of stained blood; false for a blank field, too.
    public var isSmear: Bool

    /// Blank below this share of pixels on edges…
    package static let leastEdgeShare: Float = 0.001
    /// …or below this share of foreground, unless colors differ by more than this from their mean (rms, ΔE*ab).
    package static let leastForeground: Float = 0.01
    package static let greatestBlankSpread: Float = 6
    /// Out of focus below.
    package static let leastFocus: Float = 1.2
    /// No smear: edges wider than this ratio tells are no edges, but shades…
    package static let leastEdgeFocus: Float = 1.04
    /// …colors that are not the stain's…
    package static let leastStainedShare: Float = 0.7
    /// …edges in lines and columns, or nothing but noise.
    package static let greatestAlignment: Float = 0.5
    package static let greatestRoughness: Float = 0.1
    /// No light comes through a field of which more than half is darker than this (L*; none of 2,517 images of six labs
    /// is, `docs/field.md`)…
    package static let leastLightness: Float = 40
    /// …and brighter things in it are no cells: below this polarity it is a negative, or no transmitted light. By
    /// eye; `docs/field.md` counts the negatives that it finds.
    package static let leastPolarity: Float = -0.1
    /// Below this one a lit field is doubted: pale red cells with bright rims go down to -0.32 (60 fields of such a lab;
    /// others stay above 0), negatives of six labs' fields have -0.4 in the mean.
    package static let leastLitPolarity: Float = -0.4
    /// From this probability on the network is sure that it sees a smear. By eye.
    package static let sureProbability: Float = 0.75

    /// - Parameters:
    ///   - spread: root mean squared distance of the colors from their mean, ΔE*ab.
    ///   - lightness: the median L*.
    ///   - colorSpread: see ``ColorSpread``.
    init(
        edges: EdgeStatistics, foregroundShare: Float, nucleusShare: Float, stainedShare: Float,
        largestNucleus: Float, spread: Float, lightness: Float, colorSpread: Float
    ) {
        self.foregroundShare = foregroundShare
        self.nucleusShare = nucleusShare
        focus = edges.sharpness
        edgeShare = edges.share
        edgeAlignment = edges.alignment
        roughness = edges.roughness
        self.stainedShare = stainedShare
        self.largestNucleus = largestNucleus
        polarity = edges.polarity
        self.lightness = lightness
        self.colorSpread = colorSpread
        isBlank =
            (edges.share < Self.leastEdgeShare || foregroundShare < Self.leastForeground)
            && spread <= Self.greatestBlankSpread
        hasWhiteCells = !isBlank && largestNucleus >= WhiteCellSize.leastLobe
        isInFocus = edges.sharpness >= Self.leastFocus
        isSmear = false
        isSmear = !isBlank && crossedLimits.isEmpty
    }

    /// A limit of a smear's structure or colors that a field crosses.
    package struct CrossedLimit: Sendable {
        package let name: String
        package let value: Float
        package let limit: Float
        /// Of the colors that the field came in, which the method changes; structure stays.
        package var isOfColor = false
    }

    /// The limits that the field crosses, blank or not.
    package var crossedLimits: [CrossedLimit] {
        let floors = [
            CrossedLimit(name: "share of edges", value: edgeShare, limit: Self.leastEdgeShare),
            CrossedLimit(name: "sharpness of edges", value: focus, limit: Self.leastEdgeFocus),
            CrossedLimit(
                name: "share of stained foreground", value: stainedShare, limit: Self.leastStainedShare, isOfColor: true
            ),
            CrossedLimit(
                name: "polarity of edges", value: polarity ?? 1,
                limit: isDark ? Self.leastPolarity : Self.leastLitPolarity),
        ]
        let ceilings = [
            CrossedLimit(name: "alignment of edges", value: edgeAlignment, limit: Self.greatestAlignment),
            CrossedLimit(name: "share of noise", value: roughness, limit: Self.greatestRoughness),
        ]
        return floors.filter { $0.value < $0.limit } + ceilings.filter { $0.value > $0.limit }
    }

    private var isDark: Bool { lightness.map { $0 < Self.leastLightness } ?? false }

    /// Whether what is bright and what is dark have surely changed places.
    package var isNegative: Bool { isDark && polarity.map { $0 < Self.leastPolarity } ?? false }

    /// Inspects an image. Cost linear in the pixels.
    package init(_ image: RGBImage, workers: Workers = Workers(threads: 1)) {
        self.init(FieldImage(image), workers: workers)
    }

    /// The same of what is data in a field.
    package init(_ field: FieldImage, workers: Workers) {
        self = FieldAnalysis(field, workers: workers).inspection
    }
}
