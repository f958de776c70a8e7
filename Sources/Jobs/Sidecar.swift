import Foundation
import ImageFiles
import NCTEngine

/// What stands beside every result: where it came from, how it was made, and whether to trust it.
///
/// The file is JSON with keys in snake_case, sorted; `docs/sidecar.schema.json` is its schema and `docs/sidecar.md`
/// explains it.
public struct Sidecar: Sendable, Equatable, Codable {
    /// Version of the schema; a reader refuses one that it does not know.
    public static let currentSchemaVersion = 1

    public var schemaVersion = Sidecar.currentSchemaVersion
    /// RFC 3339 with offset.
    public var createdAt: String
    public var host: String
    public var engineVersion: String
    public var method: String
    public var source: Source
    /// Nil where the references were named on the command line.
    public var profile: ProfileOrigin?
    public var references: [FileOrigin]
    public var referenceChoice: ReferenceChoice
    public var parameters: MethodParameters
    public var seed: UInt64
    /// The labs' palettes that the colors were changed by; nil for a method that goes by none, and in a sidecar of an
    /// engine before 0.8.
    public var palettes: Palettes?
    /// Nil for a method that uses none.
    public var features: Features?
    /// The light that the capture was divided by, or that was looked at and found even; nil where neither.
    public var flatField: FlatField?
    /// What the solver of the energy reached; nil where nothing was searched, and in a sidecar of an engine that did not
    /// say.
    public var transfer: TransferReport?
    public var quality: Quality
    public var verdict: Verdict
    /// Milliseconds a stage, by the stage's name.
    public var timingsMs: [String: Double]
    public var output: Output
    /// What the image's reader had to overlook.
    public var warnings: [String]
    /// SHA-256 over the source's digest and all that decides what becomes of it, for a result that a person ran the command
    /// for; nil in a sidecar of an engine that did not say.
    public var identity: String?
    /// Which capture of which watched root it is, and how the daemon came to it; nil where a person ran the command.
    public var capture: Capture?

    /// The capture, as it was read.
    public struct Source: Sendable, Equatable, Codable {
        public var path: String
        public var bytes: Int
        public var sha256: String
        public var width: Int
        public var height: Int
        public var format: String
        public var bitDepth: Int
        /// How many of 16 bits count, and who says so; nil for all.
        public var sampleBits: SampleBits?
        /// How its colors were brought to sRGB; nil where they were that already.
        public var colorConversion: ColorConversion?
        /// Which page of how many, from 1 on; nil for a file of one.
        public var page: Int?
        public var pages: Int?
        /// When the instrument says it was taken; as it says it.
        public var capturedAt: String?
        public var make: String?
        public var model: String?
        public var software: String?
        public var objective: String?
        public var exposureSeconds: Double?
        public var micrometersPerPixel: Double?
    }

    public struct ProfileOrigin: Sendable, Equatable, Codable {
        public var name: String
        public var path: String
        public var sha256: String
    }

    public struct FileOrigin: Sendable, Equatable, Codable {
        public var path: String
        public var sha256: String
    }

    /// The palettes of the training lab and of the lab that the capture came from.
    public struct Palettes: Sendable, Equatable, Codable {
        public var training: Palette
        public var captures: Palette
    }

    /// A lab's palette, and what it was learned from.
    public struct Palette: Sendable, Equatable, Codable {
        public enum Origin: String, Sendable, Codable {
            /// A file that the profile or the command line names.
            case file
            /// The profile's references.
            case references
            /// The captures that the command was given.
            case inputs
            /// Earlier captures of the same watched tree and profile, by the daemon.
            case learned
            /// This capture alone.
            case capture
        }

        public var origin: Origin
        /// Of the file.
        public var path: String?
        /// Of the palette's file, or of the file that it would be; nil for what belongs to the references or to the
        /// capture alone.
        public var sha256: String?
        /// Images that it was learned from.
        public var images: Int?
    }

    /// Which reference served, and why.
    public struct ReferenceChoice: Sendable, Equatable, Codable {
        public var use: NormalizationParameters.ReferenceUse
        /// Index into `references`; nil if all were used at once.
        public var chosen: Int?
        public var reason: String
        /// The statistic of each reference, lower is better.
        public var distances: [Float]
    }

    public struct Features: Sendable, Equatable, Codable {
        /// `vgg19`, or `smearnet`, the built-in network.
        public var extractor: String
        /// Of the weights.
        public var sha256: String
        /// The weights' file.
        public var weights: String?
    }

    /// The microscope's light.
    public struct FlatField: Sendable, Equatable, Codable {
        public enum Source: String, Sendable, Equatable, Codable {
            /// A file of `nctd profile flat-field`.
            case file
            /// A picture of an empty field.
            case blank
            /// The captures of the run, written beside the results; or earlier captures, by the daemon.
            case learned
            /// This capture alone.
            case capture
        }

        public var source: Source
        /// Its file.
        public var path: String?
        /// Of the file's bytes.
        public var sha256: String?
        /// False where the light is even and the capture was taken as it is.
        public var applied: Bool
        /// How many captures it was learned from.
        public var captures: Int
        /// The brightest place over the darkest, in linear light: red, green, blue.
        public var ratio: [Float]
        /// Estimated standard error, relative.
        public var error: [Float]
    }

    public struct Quality: Sendable, Equatable, Codable {
        public var structuralSimilarity: Float
        public var paletteDistanceBefore: Float
        public var paletteDistanceAfter: Float
        public var clippedShare: Float
        public var confidence: Float
        /// Share of the capture that is no data and stayed as it was; nil if all of it is data.
        public var noDataShare: Float?
        public var field: FieldInspection
        /// Nil for a capture that is too small for the network.
        public var contents: SmearContents?
        public var treatment: QualityReport.Treatment
        public var transferStrength: Float
    }

    public struct Verdict: Sendable, Equatable, Codable {
        public var value: QualityReport.Verdict
        public var findings: [Finding]
        /// What the profile has noted and not counted (its `[verdict]`); nil for nothing.
        public var notes: [Finding]?
        /// What the profile makes of findings; nil where all are as measured.
        public var rules: Rules?
        public var delivery: Delivery

        /// In words: what led to the verdict, then what was noted.
        public var texts: [String] { findings.map(\.text) + (notes ?? []).map { "noted: \($0.text)" } }
    }

    /// A profile's `[verdict]`.
    public struct Rules: Sendable, Equatable, Codable {
        public var fields: VerdictRules.Fields
        /// Of findings that are not as measured, by their names.
        public var effects: [String: VerdictRules.Effect]
    }

    /// What the profile's `below_threshold` made of the verdict.
    public enum Delivery: String, Sendable, Equatable, Codable, CaseIterable {
        case delivered, flagged, held
    }

    public struct Finding: Sendable, Equatable, Codable {
        /// `blank_field`, `no_white_cells`, `structure_changed`, …
        public var kind: String
        public var value: Float
        public var threshold: Float
    }

    /// A capture as the daemon knows it.
    public struct Capture: Sendable, Equatable, Codable {
        public var lab: String
        public var root: String
        /// Below the root; what is no printable UTF-8 stands as `\\xNN`.
        public var path: String
        /// The path's bytes in hexadecimal, only where `path` has something escaped.
        public var pathBytes: String?
        /// The rule that gave it to the profile; nil where it was the root's default.
        public var rule: String?
        /// 1 and up.
        public var attempt: Int
        /// RFC 3339 with offset.
        public var seenAt: String
        /// What the file looked like, so that a rebuilt ledger need not read it again.
        public var inode: UInt64
        public var modifiedNanoseconds: Int64
        /// SHA-256 over the source's digest and all that decides what becomes of it.
        public var identity: String
        /// Which page of the file, from 1 on, where each is a capture of its own (`pages = "all"`); nil for any other.
        public var page: Int?
        /// The earlier result that this one is a link to or a copy of, below the output directory, by its name then.
        public var duplicateOf: String?
        /// The path that the capture had before, where its result followed it to this one.
        public var renamedFrom: String?

        public init(
            lab: String, root: String, path: String, pathBytes: String?, rule: String?, attempt: Int, seenAt: String,
            inode: UInt64, modifiedNanoseconds: Int64, identity: String, page: Int? = nil, duplicateOf: String? = nil
        ) {
            self.lab = lab
            self.root = root
            self.path = path
            self.pathBytes = pathBytes
            self.rule = rule
            self.attempt = attempt
            self.seenAt = seenAt
            self.inode = inode
            self.modifiedNanoseconds = modifiedNanoseconds
            self.identity = identity
            self.page = page
            self.duplicateOf = duplicateOf
        }
    }

    public struct Output: Sendable, Equatable, Codable {
        public var path: String
        public var bytes: Int
        public var sha256: String
        public var format: String
        public var bitDepth: Int
    }
}

extension Sidecar {
    /// The file's bytes: pretty printed, keys sorted, a line end at the end.
    public func json() throws -> [UInt8] { Array(try JSONText.encode(self)) + [UInt8(ascii: "\n")] }

    /// Reads a sidecar; throws `DecodingError` for one that does not follow the schema.
    public init(json: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Sidecar.self, from: Data(json))
    }
}

/// JSON as all of the program writes it.
public enum JSONText {
    /// Pretty printed, keys sorted and in snake_case, slashes as they are.
    public static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// The same on one line, for lists that are read line by line.
    public static func encodeLine(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
