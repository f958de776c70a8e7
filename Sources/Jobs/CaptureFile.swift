import ImageFiles
import NCTEngine

/// A capture's file in memory: what is decoded are the bytes that its digest is of, for the commands and for the daemon, in
/// whichever process.
public struct CaptureFile: Sendable {
    private let bytes: [UInt8]
    /// SHA-256 of the bytes.
    public let digest: String
    /// What stands beside it.
    var notes: InstrumentNotes?

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        digest = FileDigest.sha256(bytes)
    }

    public var count: Int { bytes.count }

    /// Takes what stands beside it; false where that says nothing.
    public mutating func take(notes text: [UInt8]) -> Bool {
        notes = CompanionNotes.read(text)
        return notes != nil
    }

    /// What was decoded, and what is said of its origin.
    public struct Decoded: Sendable {
        public let file: ImageFile
        /// Has the time that it took.
        public let stopwatch: Stopwatch
        private let count: Int
        private let digest: String

        init(_ file: ImageFile, of capture: CaptureFile, _ stopwatch: Stopwatch) {
            (self.file, self.stopwatch, count, digest) = (file, stopwatch, capture.count, capture.digest)
        }

        /// - Parameter path: as the sidecar is to say it.
        public func source(path: String) -> Sidecar.Source {
            Sidecar.Source(file, path: path, bytes: count, sha256: digest)
        }
    }

    /// Decodes it, with what stands beside it.
    ///
    /// - Parameters:
    ///   - name: stands in the errors.
    ///   - options: how the capture's profile has files read.
    public func decoded(name: String, options: ReadingOptions) throws(ImageFileError) -> Decoded {
        var stopwatch = Stopwatch()
        var file = try ImageReader.decode(bytes, name: name, options: options)
        if let notes { file.metadata.add(notes) }
        stopwatch.lap("decoding")
        return Decoded(file, of: self, stopwatch)
    }
}

extension Sidecar.Source {
    /// What the sidecar says of a capture that was decoded.
    init(_ file: ImageFile, path: String, bytes: Int, sha256: String) {
        self.init(
            path: path, bytes: bytes, sha256: sha256,
            width: file.image.width, height: file.image.height, format: file.metadata.format.rawValue,
            bitDepth: file.metadata.bitDepth, sampleBits: file.metadata.sampleBits,
            colorConversion: file.metadata.colorConversion,
            page: file.metadata.pageCount > 1 ? file.metadata.page : nil,
            pages: file.metadata.pageCount > 1 ? file.metadata.pageCount : nil,
            capturedAt: file.metadata.capturedAt, make: file.metadata.make,
            model: file.metadata.model, software: file.metadata.software, objective: file.metadata.objective,
            exposureSeconds: file.metadata.exposure, micrometersPerPixel: file.metadata.micrometersPerPixel)
    }
}
