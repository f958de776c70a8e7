/// What a capture shows, judged before normalization from its luminance and colors alone.
public struct FieldInspection: Sendable, Equatable, Codable {
    /// Share of pixels that are not background, 0…1.
    public var foregroundShare: Float
    /// Share of pixels that look like a white cell's nucleus, 0…1.
    public var nucleusShare: Float
    /// Sharpness: a scale-free ratio of fine to coarse luminance variation; low means out of focus.
    public var focus: Float
    public var isBlank: Bool
    public var hasWhiteCells: Bool
    public var isInFocus: Bool
    public var isSmear: Bool
}
