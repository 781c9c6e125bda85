;;; onbehalf-text.el --- Text of others, shown as it is  -*- lexical-binding: t; -*-

;;; Commentary:

;; What an agent says is data.  Characters that act on the screen, or that nobody sees, are shown as their numbers, and
;; none is taken as a format, a mode line construct or a setting.

;;; Code:

(defconst onbehalf--unseen
  (concat "[\0-\10\13-\37\177\u0080-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F"
          "\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\U000E0000-\U000E0FFF]")
  "Characters that are not shown as they are.
They are controls, not seen at all, or turn the direction of a line.")

(defun onbehalf--escaped (character)
  "Return how CHARACTER, a string of one, is shown."
  (let ((code (aref character 0)))
    (propertize (cond ((< code 32) (format "^%c" (+ code 64)))
                      ((= code 127) "^?")
                      (t (format "\\u{%X}" code)))
                'face 'escape-glyph)))

(defun onbehalf--shown (text)
  "Return TEXT with every character in it to be seen.  Line feeds and tabs stay."
  (replace-regexp-in-string onbehalf--unseen #'onbehalf--escaped (substring-no-properties text) t t))

(defun onbehalf--line (text &optional most)
  "Return TEXT in one line of at most MOST characters, by default 200."
  (truncate-string-to-width
   (replace-regexp-in-string "[ \t\n]+" " " (string-trim (onbehalf--shown text))) (or most 200) nil nil "…"))

(defun onbehalf--mode-line (text)
  "Return TEXT for a mode line, where a percent sign would begin a construct."
  (replace-regexp-in-string "%" "%%" (substring-no-properties (onbehalf--line text 40)) t t))

(provide 'onbehalf-text)
;;; onbehalf-text.el ends here
