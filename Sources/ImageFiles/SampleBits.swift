import CImageCodecs

/// How many of the 16 bits of a sample count: cameras of 10, 12 and 14 bits leave the upper ones 0.
public struct SampleBits: Sendable, Equatable, Codable {
    public enum Origin: String, Sendable, Codable {
        /// The file says it.
        case file
        /// The profile says it (`sample_bits`).
        case setting
        /// No sample is greater, and the brightest ones fill more than half of the range.
        case greatest
    }

    public var count: Int
    public var origin: Origin

    private static let usual = [8, 10, 12, 14]

    /// Decides by what is said and the greatest sample; nil where all 16 bits count.
    ///
    /// What is said counts only if no sample is greater: numbers decide over what is said of them.
    ///
    /// - Parameters:
    ///   - stated: what the file says; nil if nothing.
    ///   - setting: what the profile says.
    ///   - warnings: takes what was guessed, or is in doubt.
    // bounded: the bits are 8 to 14
    static func decide(
        greatest: Int, stated: Int?, setting: Int?, warnings: inout [String]
    ) -> SampleBits? {
        func isPossible(_ bits: Int) -> Bool { (8..<16).contains(bits) && greatest < 1 << bits }
        if let stated, stated < 16 {
            if isPossible(stated) { return SampleBits(count: stated, origin: .file) }
            // PNG's writers stretch the samples themselves, and say how many bits they had.
            if stated < 8 || greatest >> 15 == 0 {
                warnings.append(
                    "the file says that \(stated) bits a sample count, but its greatest sample is \(greatest)")
            }
        } else if stated == 16 {
            return nil
        }
        if let setting, setting < 16 {
            if isPossible(setting) { return SampleBits(count: setting, origin: .setting) }
            warnings.append(
                "the profile says sample_bits = \(setting), but the greatest sample is \(greatest): all 16 bits were taken"
            )
            return nil
        }
        if setting == 16 { return nil }
        guard greatest > 0, let fit = usual.first(where: { greatest < 1 << $0 }) else { return nil }
        if greatest >= 1 << (fit - 1) {
            warnings.append(
                "the greatest of the 16-bit samples is \(greatest), so \(fit) bits were taken to count; say sample_bits "
                    + "in the profile where that is wrong")
            return SampleBits(count: fit, origin: .greatest)
        }
        warnings.append(
            "the greatest of the 16-bit samples is \(greatest), which is dark if all 16 bits count; if it is not, say "
                + "sample_bits = 10, 12 or 14 in the profile")
        return nil
    }
}
