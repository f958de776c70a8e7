import Foundation
import NCTEngine

extension QualityReport {
    /// Stands in for the engine's report as long as the engine returns none: doubtful, with no figures.
    static func missing() throws -> QualityReport {
        let json = """
            {"structuralSimilarity": 0, "paletteDistanceBefore": 0, "paletteDistanceAfter": 0, "clippedShare": 0,
             "confidence": 0, "verdict": "doubtful", "findings": [],
             "field": {"foregroundShare": 0, "nucleusShare": 0, "focus": 0, "isBlank": false, "hasWhiteCells": false,
                       "isInFocus": false, "isSmear": false}}
            """
        return try JSONDecoder().decode(QualityReport.self, from: Data(json.utf8))
    }
}
