import Foundation
import ImageFiles
import NCTEngine

/// A microscope's light with where it came from.
public struct KnownLight: Sendable, Equatable {
    public let field: FlatField
    public let source: Sidecar.FlatField.Source
    /// Its file; nil where none was written.
    public let path: String?
    /// Of the file's bytes.
    public let sha256: String

    public init(field: FlatField, source: Sidecar.FlatField.Source, path: String?, sha256: String) {
        (self.field, self.source, self.path, self.sha256) = (field, source, path, sha256)
    }

    /// Reads what ``bytes(of:)`` wrote, or an image of an empty field.
    ///
    /// Throws ``JobFailure`` naming the file: missing, damaged, neither of the two, or a light that cannot be.
    public init(reading path: String, workers: Workers) throws {
        guard let bytes = try? InputFile.read(path: path, limits: .files) else {
            throw JobFailure(
                file: path, cause: "there is no such file, or it may not be read",
                remedy: "name a file of `nctd profile flat-field`, or a picture of an empty field")
        }
        let sha256 = FileDigest.sha256(bytes)
        let start = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard start == UInt8(ascii: "{") else {
            self.init(
                field: try Self.blank(bytes, path: path, workers: workers), source: .blank,
                path: PreparedEngine.absolute(path), sha256: sha256)
            return
        }
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self.init(
                field: try decoder.decode(FlatField.self, from: Data(bytes)), source: .file,
                path: PreparedEngine.absolute(path), sha256: sha256)
        } catch let error as EngineError {
            throw JobFailure(file: path, cause: "is no flat field: \(error.message)", remedy: error.remedy)
        } catch {
            throw JobFailure(
                file: path, cause: "is no flat field, or a damaged one (\(Self.words(error)))",
                remedy: "make it anew with `nctd profile flat-field`")
        }
    }

    /// Reads what was learned from captures.
    public init(learnedAt path: String, workers: Workers) throws {
        let light = try KnownLight(reading: path, workers: workers)
        self.init(field: light.field, source: .learned, path: light.path, sha256: light.sha256)
    }

    private static func blank(_ bytes: [UInt8], path: String, workers: Workers) throws -> FlatField {
        let image: RGBImage
        do {
            image = try ImageReader.decode(bytes, name: path).image
        } catch {
            throw JobFailure(
                file: path, cause: "is neither a flat field nor an image that can be read (\(error.message))",
                remedy: "name a file of `nctd profile flat-field`, or a picture of an empty field")
        }
        guard let field = FlatField(blank: image, workers: workers) else {
            throw JobFailure(
                file: path, cause: "shows no light that captures could be corrected by: it is dark, or too small",
                remedy: "take a picture of an empty field with the light that captures have")
        }
        guard field.background >= 0.5 else {
            throw JobFailure(
                file: path, cause: "is no picture of an empty field: it shows more than light and a few specks",
                remedy: "take one of an empty place of the slide, or learn the light with `nctd profile flat-field`")
        }
        return field
    }

    /// A light's file.
    public static func bytes(of field: FlatField) throws -> [UInt8] {
        Array(try JSONText.encodeLine(field)) + [UInt8(ascii: "\n")]
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
        default: "it is no JSON"
        }
    }

    /// How much the brightest place is brighter than the darkest, in words.
    public static func words(ratio: [Float]) -> String {
        zip(["red", "green", "blue"], ratio).map { "\($0) \(String(format: "%.2f", $1))" }.joined(separator: ", ")
    }
}
