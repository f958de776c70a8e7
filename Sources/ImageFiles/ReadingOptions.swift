/// How to read what a file leaves open; a profile says it (`sample_bits`, `pages`, `page`).
public struct ReadingOptions: Sendable, Equatable, Codable {
    /// What becomes of a file of several full images (pages).
    public enum Pages: String, Sendable, Codable, CaseIterable {
        /// The first is read, and a warning says that there are others.
        case first
        /// Each is a capture of its own; one call reads one of them.
        case all
        /// The file is refused.
        case error
    }

    /// How large a file may be.
    public var limits: ImageLimits
    /// How many of 16 bits count where the file does not say it; nil goes by the greatest sample.
    public var sampleBits: Int?
    /// Nil is `first`, but refuses three gray pages of which nothing says whether they are red, green and blue.
    public var pages: Pages?
    /// Which page, from 1 on; it comes before `pages`.
    public var page: Int?

    /// The defaults read what a file says.
    public init(limits: ImageLimits = ImageLimits(), sampleBits: Int? = nil, pages: Pages? = nil, page: Int? = nil) {
        self.limits = limits
        self.sampleBits = sampleBits
        self.pages = pages
        self.page = page
    }

    /// Whether a file of so many pages comes out alike: of one page, `pages` says nothing.
    public func read(alike other: ReadingOptions, pageCount: Int) -> Bool {
        var same = self
        if pageCount <= 1 { same.pages = other.pages }
        return same == other
    }
}
