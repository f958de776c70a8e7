/// Numbers in sentences.
extension BinaryInteger {
    /// With its noun: "1 capture", "2 captures".
    ///
    /// - Parameter plural: where it is not the noun with an s.
    package func counted(_ noun: String, _ plural: String? = nil) -> String {
        "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
    }

    /// "1st", "2nd", "3rd", "4th", …, "11th", …
    package var ordinal: String {
        let last = magnitude % 100
        let suffix =
            switch (last / 10, last % 10) {
            case (1, _): "th"
            case (_, 1): "st"
            case (_, 2): "nd"
            case (_, 3): "rd"
            default: "th"
            }
        return "\(self)\(suffix)"
    }
}
