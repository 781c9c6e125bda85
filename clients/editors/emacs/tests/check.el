;;; check.el --- Every file of the package, byte-compiled and read by checkdoc  -*- lexical-binding: t; -*-

;;; Commentary:

;; Takes the files and a folder for what is compiled.  Ends with 1 when there is a warning.

;;; Code:

(require 'bytecomp)
(require 'checkdoc)

(let* ((folder (car (last command-line-args-left)))
       (byte-compile-error-on-warn t)
       (byte-compile-dest-file-function
        (lambda (file) (expand-file-name (concat (file-name-nondirectory file) "c") folder)))
       (warnings 0)
       (checkdoc-create-error-function
        (lambda (text start &rest _)
          (message "%s:%s: %s" (buffer-name) (and start (line-number-at-pos start)) text)
          (setq warnings (1+ warnings))
          nil)))
  (dolist (file (butlast command-line-args-left))
    (unless (byte-compile-file file) (setq warnings (1+ warnings)))
    (with-current-buffer (find-file-noselect file) (checkdoc-current-buffer t)))
  (kill-emacs (min warnings 1)))

;;; check.el ends here
