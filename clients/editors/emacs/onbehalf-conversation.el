;;; onbehalf-conversation.el --- What an agent says, in a buffer  -*- lexical-binding: t; -*-

;;; Commentary:

;; Puts together and shows what is told of a run: its text while it is streamed, its node in the mode line, its output.

;;; Code:

(require 'json)
(require 'subr-x)
(require 'onbehalf-process)
(require 'onbehalf-text)

(defvar-local onbehalf--who nil "Profile, subject and agent, as the sidecar takes them.")
(defvar-local onbehalf--conversation nil "The id of the conversation, once the pod has told it.")
(defvar-local onbehalf--job nil "The id of the last run.")
(defvar-local onbehalf--state nil "Of the last run: running, waiting, complete, failed or cancelled.")
(defvar-local onbehalf--in-flight nil "The call that is under way, or nil.")
(defvar-local onbehalf--question nil "What a run that waits asks.")
(defvar-local onbehalf--pieces nil "The pieces of the text streamed so far, the last first.")
(defvar-local onbehalf--told 0 "How many characters they have.")
(defvar-local onbehalf--start nil "Where that text begins in the buffer.")

(defface onbehalf-yours '((t :inherit bold))
  "Face of what you said."
  :group 'onbehalf)

(defface onbehalf-note '((t :inherit shadow))
  "Face of what neither you nor the agent said."
  :group 'onbehalf)

(defun onbehalf--become (state shown)
  "Set the STATE of the run, and what is SHOWN of it in the mode line."
  (setq onbehalf--state state
        mode-line-process (concat ":" (onbehalf--mode-line shown)))
  (force-mode-line-update))

(defun onbehalf--insert (text &optional face)
  "Append TEXT, which is fit to be shown, in FACE.
Point stays at the end when it is there."
  (let ((inhibit-read-only t)
        (follows (eobp)))
    (save-excursion
      (goto-char (point-max))
      (insert (if face (propertize text 'face face) text)))
    (when follows (goto-char (point-max)))))

(defun onbehalf--progress (value)
  "Show VALUE, a report of the run."
  (setq onbehalf--job (or (plist-get value :jobId) onbehalf--job)
        onbehalf--conversation (or (plist-get value :conversationId) onbehalf--conversation))
  (when-let ((node (plist-get (plist-get value :node) :code)))
    (onbehalf--become 'running node))
  (when-let ((delta (plist-get value :delta)))
    (onbehalf--hear delta (plist-get value :offset))))

(defun onbehalf--hear (delta offset)
  "Append DELTA, which stands at OFFSET in the whole text.
What was told already is not told twice."
  (when (<= offset onbehalf--told (+ offset (length delta)))
    (let ((new (substring delta (- onbehalf--told offset))))
      (push new onbehalf--pieces)
      (setq onbehalf--told (+ onbehalf--told (length new)))
      (onbehalf--insert (onbehalf--shown new)))))

(defun onbehalf--text (output)
  "Return OUTPUT, whatever the pod sent, as a text."
  (cond ((stringp output) output)
        ((null output) "")
        (t (with-temp-buffer
             (insert (json-serialize (vector output) :null-object nil :false-object :json-false))
             (json-pretty-print-buffer)
             (string-trim (buffer-string) "\\[[ \n]*" "[ \n]*\\]")))))

(defun onbehalf--settle (output)
  "Let OUTPUT be what the agent said.  It counts where it is not what was streamed."
  (let ((text (onbehalf--text output))
        (inhibit-read-only t))
    (unless (string= text (string-join (reverse onbehalf--pieces)))
      (delete-region onbehalf--start (point-max))
      (onbehalf--insert (onbehalf--shown text)))
    (setq onbehalf--pieces nil)
    (unless (= (point-max) onbehalf--start) (onbehalf--insert "\n"))))

(provide 'onbehalf-conversation)
;;; onbehalf-conversation.el ends here
