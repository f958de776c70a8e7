import Foundation

extension Sidecar.Finding {
    /// In words.
    public var text: String {
        let (value, threshold) = Self.apart(self.value, self.threshold)
        return switch kind {
        case "different_scale":
            "things are \(value) times as large as in the references, \(threshold) at most wanted either way"
        case "structure_changed": "structure changed: similarity \(value), at least \(threshold) wanted"
        case "colors_far_from_reference": "colors far from the reference: \(value), at most \(threshold) wanted"
        case "clipped": "clipped colors: \(value), at most \(threshold) wanted"
        case "low_confidence": "low confidence: \(value), at least \(threshold) wanted"
        case "few_stained_pixels":
            "few stained pixels: \(Self.text(self.value, 0)), at least \(Self.text(self.threshold, 0)) wanted"
        case "one_stain": "one stain only"
        case "stain_absent": "one of the stains is hardly there: \(value), at least \(threshold) wanted"
        case "background_color", "red_cell_color", "platelet_color", "cytoplasm_color", "nucleus_color":
            "\(Self.words(kind)) far from the training lab's: \(value), at most \(threshold) wanted"
        case "no_color":
            "a gray picture, whose colors would be invented: they differ by \(value), at least \(threshold) wanted"
        case "oversized_cell":
            "what is taken for one white cell is as large as \(value) red cells, at most \(threshold) wanted: "
                + "look whether it is one, or several that touch"
        case "nucleus_texture": "a nucleus lost its texture: \(value) of it is left, at least \(threshold) wanted"
        default: Self.words(kind)
        }
    }

    private static func words(_ kind: String) -> String { kind.replacing("_", with: " ") }

    /// Two numbers in as many digits as show which is larger; in two where these do.
    private static func apart(_ one: Float, _ other: Float) -> (String, String) {
        let digits = (2...6).first { text(one, $0) != text(other, $0) } ?? 2
        return (text(one, digits), text(other, digits))
    }

    private static func text(_ number: Float, _ digits: Int) -> String {
        String(format: "%.\(digits)f", Double(number))
    }
}
