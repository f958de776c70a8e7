import Config
import ImageFiles

extension Profile {
    /// Each page of a file is a capture of its own.
    public var isResultEachPage: Bool { pages == .all && page == nil }

    /// How its captures' files are read.
    public func reading(within limits: ImageLimits = ImageLimits()) -> ReadingOptions {
        ReadingOptions(
            limits: limits, sampleBits: sampleBits,
            pages: pages.flatMap { ReadingOptions.Pages(rawValue: $0.rawValue) },
            page: page)
    }
}
