/// One line of text of a given size.
public struct Label: Sendable, Equatable {
    public var text: String
    /// Pixels a pixel of the font; at least 1. Whole and half numbers look best.
    public var scale: Double

    public init(_ text: String, scale: Double = 1) {
        self.text = text
        self.scale = max(1, scale)
    }

    /// Width of one character in pixels.
    var cellWidth: Int { Int((Double(BitmapFont.cellWidth) * scale).rounded()) }
    /// Width in pixels.
    public var width: Int { text.count * cellWidth }
    /// Height in pixels.
    public var height: Int { Int((Double(BitmapFont.cellHeight) * scale).rounded(.up)) }

    /// The label cut to a width: what is left out of the middle leaves an ellipsis, because both the beginning and the
    /// end of a file name tell it from others.
    public func fitted(to width: Int) -> Label {
        let room = max(1, width / cellWidth)
        guard text.count > room else { return self }
        let tail = (room - 1) / 2
        let head = room - 1 - tail
        return Label(text.prefix(head) + "\u{2026}" + text.suffix(tail), scale: scale)
    }
}
