/// The kinds of white cells that are told apart: the seven of Arshad, Sajid, Khan.
///
/// The raw values are the names that data sets and results have for them; the order is that of the network's outputs
/// and of the class numbers of `nctd segment --labels`.
public enum WhiteCellKind: String, Sendable, Codable, CaseIterable {
    /// Three to five lobes joined by thin bridges.
    case segmentedNeutrophil = "segmented_neutrophil"
    /// A bent bar.
    case bandNeutrophil = "band_neutrophil"
    /// A round dense nucleus with a thin rim of blue cytoplasm.
    case lymphocyte
    /// A kidney-shaped nucleus, gray-blue cytoplasm with vacuoles.
    case monocyte
    /// Two lobes, large orange granules.
    case eosinophil
    /// Dark granules that cover the nucleus.
    case basophil
    /// Any other: precursors with a large fine nucleus, erythroblasts.
    case other

    /// Position in `allCases`: the class number in labels.
    public var number: Int { Self.allCases.firstIndex(of: self)! }
}
